import { afterEach, describe, expect, test } from "bun:test";
import type { Event } from "nostr-tools/core";
import { finalizeEvent, generateSecretKey, getPublicKey } from "nostr-tools/pure";
import { type LinkOptions, RelayLink } from "../../server/nostr/relay-link.ts";
import { createOutbound } from "../../server/outbound/outbound.ts";
import { type OddRelay, startOddRelay } from "./odd-relay.ts";

const secretKey = generateSecretKey();
const pubkey = getPublicKey(secretKey);
const filter = { kinds: [1], authors: [pubkey] };
const { connect } = createOutbound({ allowLoopback: true });
const never = new AbortController().signal;
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
  return await open();
}

const open = (options: Partial<LinkOptions> = {}): Promise<RelayLink> =>
  RelayLink.open(relay.url, { connect, secretKey, ...options }, ending.signal);

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 3_000;
  while (!holds() && Date.now() < deadline) await Bun.sleep(2);
  expect(holds()).toBe(true);
}

const lost = "the connection to the relay was lost";

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
    await link.subscribe(filter, ({ content }) => heard.push(content), never);
    await until(() => heard.includes("live"));
    expect(heard).toEqual(["stored", "live"]);
  });

  test("that the relay closes is refused", async () => {
    const link = await linkTo(([, id], send) => send("CLOSED", id, "error: something private"));
    const failure = await link.subscribe(filter, () => {}, never).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "RelayRefusal", reason: "error: something private" });
    expect((failure as Error).message).not.toContain("private");
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
      await expect(link.subscribe(filter, hear, never)).rejects.toThrow(lost);
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
    expect((await link.publish(note("new"), never)).accepted).toBe(true);
    const reason = "duplicate: have it";
    expect(await link.publish(note("old"), never)).toEqual({ accepted: false, reason });
  });

  test("fails when the relay refuses, or is gone before it says", async () => {
    const link = await linkTo(([, event], send) => {
      if ((event as Event).content === "refused")
        send("OK", (event as Event).id, false, "blocked: no");
      else void relay.stop();
    });
    const reason = "blocked: no";
    expect(await link.publish(note("refused"), never)).toEqual({ accepted: false, reason });
    await expect(link.publish(note("lost"), never)).rejects.toThrow(lost);
    await link.closed;
    await expect(link.publish(note("too late"), never)).rejects.toThrow(lost);
  });

  test("fails when the signal ends the link, which is closed then", async () => {
    const link = await linkTo(() => {});
    const publishing = link.publish(note("x"), never);
    ending.abort();
    await expect(publishing).rejects.toThrow(lost);
    await until(() => relay.connections === 0);
  });

  test("fails when what the relay says is too big or no text", async () => {
    const link = await linkTo((_, send) => send("NOTICE", "x".repeat(300_000)));
    await expect(link.publish(note("x"), never)).rejects.toThrow(lost);
  });
});

describe("a relay that wants to know who asks", () => {
  /** How a relay of that kind does it. `spelling`: the one address that it takes for its own. */
  type Habits = {
    spelling?: (url: string) => string;
    isSilent?: boolean;
    refusesQuietly?: boolean;
    challengesWhenAsked?: boolean;
  };

  /** Serves only who has answered its challenge. */
  function guarded({ spelling, isSilent, refusesQuietly, challengesWhenAsked }: Habits = {}) {
    let isKnown = false;
    return startOddRelay(
      ([type, subject], send) => {
        if (type === "AUTH") {
          const { id, kind, tags, pubkey: who } = subject as Event;
          const said = new Map(tags.map(([name, value]) => [name, value]));
          isKnown ||=
            kind === 22242 &&
            who === pubkey &&
            said.get("challenge") === "abc" &&
            (!spelling || said.get("relay") === spelling(relay.url));
          if (!isSilent) send("OK", id, isKnown, isKnown ? "" : "invalid: not my address");
          return;
        }
        if (!isKnown && challengesWhenAsked) send("AUTH", "abc");
        if (type === "REQ") {
          if (isKnown || refusesQuietly) send("EOSE", subject);
          else send("CLOSED", subject, "auth-required: who are you");
          if (isKnown) send("EVENT", subject, note("for you"));
        } else if (type === "EVENT") {
          send("OK", (subject as Event).id, isKnown, isKnown ? "" : "auth-required: who are you");
        }
      },
      challengesWhenAsked ? undefined : (send) => send("AUTH", "abc"),
    );
  }
  const proofs = () => relay.received.filter(([type]) => type === "AUTH").length;

  test("is told, and then asked again", async () => {
    relay = guarded();
    const link = await open();
    await Promise.all([link.publish(note("x"), never), link.subscribe(filter, () => {}, never)]);
    expect(proofs()).toBe(1);
  });

  test("is told nothing by a link of which it demands nothing", async () => {
    relay = startOddRelay(
      ([, event], send) => send("OK", (event as Event).id, true, ""),
      (send) => send("AUTH", "abc"),
    );
    await (await open()).publish(note("x"), never);
    expect(proofs()).toBe(0);
  });

  test.each([
    ["as it is listed", (url: string) => url],
    ["with a slash at its end", (url: string) => `${url.replace(/\/$/, "")}/`],
    ["without a slash at its end", (url: string) => url.replace(/\/$/, "")],
  ])("may compare its address as text, %s", async (_, spelling) => {
    relay = guarded({ spelling });
    const link = await open();
    expect(await link.publish(note("x"), never)).toEqual({ accepted: true, reason: "" });
  });

  test("may give no OK to the proof, and is asked again in a while", async () => {
    for (const habits of [{}, { spelling: (url: string) => url.replace(/\/$/, "") }]) {
      relay = guarded({ isSilent: true, ...habits });
      const link = await open({ proofPatienceMs: 50 });
      expect(await link.publish(note("x"), never)).toEqual({ accepted: true, reason: "" });
      if (proofs() === 1) await relay.stop();
    }
  });

  test("may have nothing for whom it does not know, and say so by a challenge alone", async () => {
    relay = guarded({ refusesQuietly: true, challengesWhenAsked: true });
    const heard: string[] = [];
    const link = await open({ isEager: true });
    await link.subscribe(filter, ({ content }) => heard.push(content), never);
    await until(() => heard.length > 0);
    expect([heard, proofs()]).toEqual([["for you"], 1]);
  });

  test("that takes no proof refuses, after each spelling of its address", async () => {
    relay = guarded({ spelling: () => "another" });
    const link = await open();
    expect(await link.publish(note("x"), never)).toEqual({
      accepted: false,
      reason: "invalid: not my address",
    });
    expect(proofs()).toBe(2);
  });
});
