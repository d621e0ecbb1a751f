import { describe, expect, test } from "bun:test";
import type { Event } from "nostr-tools/core";
import { unwrapEvent } from "nostr-tools/nip59";
import { bytesToHex } from "nostr-tools/utils";
import { Refused, Unavailable } from "../../server/errors.ts";
import { composeMessage } from "../../server/nostr/direct-message.ts";
import { InboxUnreachable } from "../../server/nostr/direct-message-delivery.ts";
import { until } from "../sandbox/relay-socket.ts";
import {
  messageTo,
  messenger,
  person,
  personWithInbox,
  platformKey,
  relay,
  scripted,
  signal,
  useRelays,
  wrapsAt,
} from "./direct-message-fixture.ts";
import { openSocket, refusing } from "./scripted-relay.ts";

useRelays();

describe("delivery", () => {
  test("reaches every relay of the inbox, and no other", async () => {
    const someone = await personWithInbox([relay.url("/inbox"), relay.url("/inbox2")]);
    const rumor = messageTo(someone);
    expect(await messenger().deliver(rumor, signal())).toEqual({
      state: "delivered",
      relays: [relay.url("/inbox"), relay.url("/inbox2")],
    });
    for (const path of ["/inbox", "/inbox2"]) {
      const [wrap] = await wrapsAt(path, someone);
      expect(unwrapEvent(wrap!, someone.secretKey)).toEqual(rumor);
    }
    for (const path of ["/indexer", "/indexer2", "/else"]) {
      expect(await wrapsAt(path, someone)).toEqual([]);
    }
  });

  test("repeated carries the same message in another wrap", async () => {
    const someone = await personWithInbox([relay.url("/inbox")]);
    const rumor = messageTo(someone);
    await messenger().deliver(rumor, signal());
    await messenger().deliver(JSON.parse(JSON.stringify(rumor)), signal());
    const wraps = await wrapsAt("/inbox", someone);
    expect(wraps).toHaveLength(2);
    expect(new Set(wraps.map((wrap) => unwrapEvent(wrap, someone.secretKey).id)).size).toBe(1);
  });

  test("does without a relay that is down, as long as another takes it", async () => {
    const someone = await personWithInbox([relay.url("/inbox"), relay.url("/inbox2")]);
    relay.setPath("/inbox", "down");
    expect(await messenger().deliver(messageTo(someone), signal())).toEqual({
      state: "delivered",
      relays: [relay.url("/inbox2")],
    });
  });

  test("waits while no relay of the inbox is reached, and works when one is back", async () => {
    const someone = await personWithInbox([relay.url("/inbox")]);
    const rumor = messageTo(someone);
    const sender = messenger();
    relay.setPath("/inbox", "down");
    await expect(sender.deliver(rumor, signal())).rejects.toBeInstanceOf(InboxUnreachable);
    relay.setPath("/inbox", "ok");
    expect((await sender.deliver(rumor, signal())).state).toBe("delivered");
  });

  test("waits for a relay that takes the event and says nothing", async () => {
    const silent = scripted({ hear: () => {} });
    const someone = await personWithInbox([silent.url]);
    const sending = messenger({ timeoutMs: 200 }).deliver(messageTo(someone), signal());
    await expect(sending).rejects.toBeInstanceOf(InboxUnreachable);
    expect(silent.heard).toEqual(["EVENT"]);
  });

  test("is refused when every relay says no, with reasons fit to be shown", async () => {
    const [first, second] = [
      scripted(refusing("blocked: \u001b[31mnot\u202e\nhere")),
      scripted(refusing(`restricted: ${"x".repeat(5_000)}`)),
    ];
    const someone = await personWithInbox([first.url, second.url]);
    const delivery = await messenger().deliver(messageTo(someone), signal());
    expect(delivery).toEqual({
      state: "refused",
      relays: [
        { url: first.url, reason: "blocked: [31mnot here" },
        { url: second.url, reason: `restricted: ${"x".repeat(188)}` },
      ],
    });
  });

  test("is not refused for good while a relay has not been asked", async () => {
    const refuser = scripted(refusing("blocked: not here"));
    const someone = await personWithInbox([refuser.url, relay.url("/inbox")]);
    relay.setPath("/inbox", "down");
    const sending = messenger().deliver(messageTo(someone), signal());
    await expect(sending).rejects.toBeInstanceOf(InboxUnreachable);
  });

  test("is tried again where a relay says not now", async () => {
    for (const reason of ["rate-limited: slow down", "error: disk full"]) {
      const busy = scripted(refusing(reason));
      const someone = await personWithInbox([busy.url]);
      const sending = messenger().deliver(messageTo(someone), signal());
      await expect(sending).rejects.toBeInstanceOf(InboxUnreachable);
    }
  });

  test("counts a duplicate as taken", async () => {
    const holder = scripted(refusing("duplicate: have it"));
    const someone = await personWithInbox([holder.url]);
    expect((await messenger().deliver(messageTo(someone), signal())).state).toBe("delivered");
  });

  test("is refused by an address that may not be connected to", async () => {
    const someone = await personWithInbox(["wss://10.0.0.1"]);
    const guarded = messenger({
      connect: async (url, s) => {
        if (url.startsWith("wss:")) throw new Refused("address_not_allowed", "a private address");
        return openSocket(url, s);
      },
    });
    expect(await guarded.deliver(messageTo(someone), signal())).toEqual({
      state: "refused",
      relays: [{ url: "wss://10.0.0.1", reason: "address_not_allowed" }],
    });
  });

  test("of a message from another key never begins", async () => {
    const { secretKey, pubkey: to } = person();
    const rumor = composeMessage(secretKey, { to, text: "Hello.", createdAt: Date.now() });
    const sender = messenger();
    await expect(sender.deliver(rumor, signal())).rejects.toBeInstanceOf(Refused);
    expect(sender.connected).toEqual([]);
  });

  test("ends with its signal", async () => {
    const silent = scripted({ hear: () => {} });
    const reason = new Error("no longer wanted");
    for (const indexerRelays of [[silent.url], [relay.url("/indexer")]]) {
      const someone = await personWithInbox([silent.url]);
      const controller = new AbortController();
      const already = silent.heard.length;
      const sending = messenger({ indexerRelays }).deliver(messageTo(someone), controller.signal);
      sending.catch(() => {});
      await until(() => silent.heard.length > already);
      controller.abort(reason);
      await expect(sending).rejects.toBe(reason);
    }
  });

  test("uses one connection to a relay for many messages, and a new one when that is lost", async () => {
    const inbox = scripted({
      hear([type, event], say) {
        if (type === "EVENT") say("OK", (event as Event).id, true, "");
      },
    });
    const someone = await personWithInbox([inbox.url]);
    const sender = messenger();
    const deliver = () => sender.deliver(messageTo(someone), signal());
    await deliver();
    await Promise.all([deliver(), deliver()]);
    expect(sender.connected).toEqual([relay.url("/indexer"), inbox.url]);
    inbox.drop();
    await until(async () => (await deliver().catch(() => null))?.state === "delivered");
    expect(sender.connected.filter((url) => url === inbox.url)).toHaveLength(2);
  });
});

test("a connection outlives the time that it had to be made, and ends with the messenger", async () => {
  const signals: AbortSignal[] = [];
  const sender = messenger({
    timeoutMs: 100,
    connect: (url, s) => {
      signals.push(s);
      return openSocket(url, s);
    },
  });
  const startedAt = Date.now();
  await sender.deliver(messageTo(person()), signal());
  await until(() => Date.now() > startedAt + 150);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  sender.close();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  const late = sender.deliver(messageTo(person()), signal());
  await expect(late).rejects.toBeInstanceOf(Unavailable);
  expect(signals).toHaveLength(1);
});

test("a messenger shows its key to nobody who prints it or its errors", async () => {
  relay.setPath("/indexer", "down");
  const sender = messenger();
  const error = await sender.deliver(messageTo(person()), signal()).catch((e) => e);
  const printed = Bun.inspect([sender, error], { depth: 10 });
  expect(printed).toContain("indexers_unreachable");
  expect(printed).not.toContain(bytesToHex(platformKey));
  expect(printed).not.toContain([...platformKey.slice(0, 4)].join(", "));
});
