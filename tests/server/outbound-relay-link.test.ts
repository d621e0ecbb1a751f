import { afterEach, describe, expect, test } from "bun:test";
import type { Event } from "nostr-tools/core";
import { finalizeEvent, generateSecretKey, getPublicKey } from "nostr-tools/pure";
import { createOutbound } from "../../server/outbound/outbound.ts";
import { openRelayLink, type RelayLink } from "../../server/outbound/relay-link.ts";
import { type OddRelay, startOddRelay } from "./outbound-odd-relay.ts";

const secretKey = generateSecretKey();
const pubkey = getPublicKey(secretKey);
const filter = { kinds: [1], authors: [pubkey] };
const outbound = createOutbound({ allowLoopback: true });
let relay: OddRelay;
let ending = new AbortController();

afterEach(async () => {
  ending.abort();
  ending = new AbortController();
  await relay.stop();
});

function note(content: string, kind = 1): Event {
  const created_at = Math.floor(Date.now() / 1_000);
  return finalizeEvent({ kind, created_at, tags: [], content }, secretKey);
}

async function linkTo(...script: Parameters<typeof startOddRelay>): Promise<RelayLink> {
  relay = startOddRelay(...script);
  return await openRelayLink(outbound, relay.url, ending.signal);
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 3_000;
  while (!holds() && Date.now() < deadline) await Bun.sleep(2);
  expect(holds()).toBe(true);
}

const broken = { name: "Unavailable", code: "outbound_broken" };
const refused = { name: "Unavailable", code: "relay_refused" };

describe("a subscription", () => {
  test("hears what matches and is signed, stored and live, and nothing else", async () => {
    const stored = note("stored");
    const live = note("live");
    const heard: string[] = [];
    const link = await linkTo(([type, id], send) => {
      if (type !== "REQ") return;
      for (const event of [
        ...[null, 1, "x", [], {}, { ...stored, sig: 1 }, { ...stored, id: undefined }],
        ...[note("of another kind", 7), { ...stored, content: "changed" }],
        ...[{ ...stored, sig: "0".repeat(128) }, { ...stored, pubkey: "5a".repeat(32) }, stored],
      ]) {
        send("EVENT", id, event);
      }
      send("EVENT", "another", live);
      for (const odd of [[], ["EVENT"], ["EOSE", 1], [null], ["WHAT", id]]) send(...odd);
      send("EOSE", id);
      send("EVENT", id, live);
    });
    await link.subscribe(filter, ({ content }) => heard.push(content));
    await until(() => heard.includes("live"));
    expect(heard).toEqual(["stored", "live"]);
  });

  test("that the relay closes is refused", async () => {
    const link = await linkTo(([, id], send) => send("CLOSED", id, "error: something private"));
    const failure = await link.subscribe(filter, () => {}).catch((error: unknown) => error);
    expect(failure).toMatchObject(refused);
    expect(Bun.inspect(failure)).not.toContain("private");
  });

  test.each([
    ["forged", { ...note("x"), content: "forged" }, 0],
    ["genuine", note("x"), 20],
  ])(
    "to a relay that sends %s events without end ends the connection, after few of them",
    async (_, event, most) => {
      let heard = 0;
      const link = await linkTo(([, id], send) => {
        for (let count = 0; count < 50; count++) send("EVENT", id, event);
        send("EOSE", id);
      });
      const hear = () => {
        heard++;
      };
      await expect(link.subscribe(filter, hear)).rejects.toMatchObject(broken);
      expect(heard).toBe(most);
      await until(() => relay.connections === 0);
    },
  );
});

describe("publishing", () => {
  test("ends when the relay has taken the event, or had it", async () => {
    const link = await linkTo(([, event], send) => {
      const { id, content } = event as Event;
      send("OK", "0".repeat(64), false, "error: of another event");
      send("OK", id, content === "new", content === "new" ? "" : "duplicate: have it");
    });
    await link.publish(note("new"));
    await link.publish(note("old"));
  });

  test("fails when the relay refuses, or is gone before it says", async () => {
    const link = await linkTo(([, event], send) => {
      if ((event as Event).content === "refused")
        send("OK", (event as Event).id, false, "blocked: no");
      else void relay.stop();
    });
    await expect(link.publish(note("refused"))).rejects.toMatchObject(refused);
    await expect(link.publish(note("lost"))).rejects.toMatchObject(broken);
    await expect(link.ended).rejects.toMatchObject(broken);
    await expect(link.publish(note("too late"))).rejects.toMatchObject(broken);
  });

  test("fails when the signal ends the link, which is closed then", async () => {
    const link = await linkTo(() => {});
    const publishing = link.publish(note("x"));
    ending.abort();
    await expect(publishing).rejects.toMatchObject(broken);
    await until(() => relay.connections === 0);
  });

  test("fails when what the relay says is too big or no text", async () => {
    const link = await linkTo((_, send) => send("NOTICE", "x".repeat(300_000)));
    await expect(link.publish(note("x"))).rejects.toMatchObject(broken);
  });
});

describe("a relay that wants to know who asks", () => {
  /** Serves only who has answered its challenge. */
  function guarded() {
    let isKnown = false;
    return startOddRelay(
      ([type, subject], send) => {
        if (type === "AUTH") {
          const { id, kind, tags, pubkey: who } = subject as Event;
          isKnown = kind === 22242 && who === pubkey && tags.some(([, value]) => value === "abc");
          send("OK", id, isKnown, "");
        } else if (type === "REQ") {
          if (isKnown) send("EOSE", subject);
          else send("CLOSED", subject, "auth-required: who are you");
        } else if (type === "EVENT") {
          send("OK", (subject as Event).id, isKnown, isKnown ? "" : "auth-required: who are you");
        }
      },
      (send) => send("AUTH", "abc"),
    );
  }

  test("is told, if the link can sign, and then asked again", async () => {
    relay = guarded();
    const link = await openRelayLink(outbound, relay.url, ending.signal, (template) =>
      finalizeEvent(template, secretKey),
    );
    await Promise.all([link.publish(note("x")), link.subscribe(filter, () => {})]);
    expect(relay.received.filter(([type]) => type === "AUTH")).toHaveLength(1);
  });

  test("refuses a link that cannot", async () => {
    relay = guarded();
    const link = await openRelayLink(outbound, relay.url, ending.signal);
    await expect(link.publish(note("x"))).rejects.toMatchObject({ code: "relay_auth_required" });
  });
});
