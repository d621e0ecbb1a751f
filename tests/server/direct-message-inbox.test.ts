import { describe, expect, test } from "bun:test";
import type { Event } from "nostr-tools/core";
import { Unavailable } from "../../server/errors.ts";
import { signedEvent } from "../sandbox/relay-socket.ts";
import {
  inboxList,
  messageTo,
  messenger,
  nowSeconds,
  person,
  personWithInbox,
  platform,
  publish,
  relay,
  scripted,
  signal,
  useRelays,
  wrapsAt,
} from "./direct-message-fixture.ts";
import {
  demandingProof,
  holding,
  openSocket,
  type Script,
  type ScriptedRelay,
} from "./scripted-relay.ts";

useRelays();

describe("the inbox", () => {
  test("that nobody published is none, and the message goes nowhere", async () => {
    const someone = person();
    const sender = messenger({ indexerRelays: [relay.url("/indexer"), relay.url("/indexer2")] });
    expect(await sender.deliver(messageTo(someone), signal())).toEqual({ state: "no_inbox" });
    for (const path of ["/indexer", "/indexer2", "/inbox", "/else"]) {
      expect(await wrapsAt(path, someone)).toEqual([]);
    }
  });

  test("that nobody told us of is not sure to be none while an indexer does not answer", async () => {
    const someone = await personWithInbox([]);
    const sender = messenger({ indexerRelays: [relay.url("/indexer"), relay.url("/indexer2")] });
    relay.setPath("/indexer", "down");
    const unsure = { state: "no_inbox", isUnsure: true } as const;
    expect(await sender.deliver(messageTo(someone), signal())).toEqual(unsure);
    relay.setPath("/indexer", "ok");
    relay.setPath("/indexer2", "down");
    expect(await sender.deliver(messageTo(someone), signal())).toEqual({ state: "no_inbox" });
  });

  test("is not waited for twice where an indexer said nothing just now", async () => {
    const silent = scripted({ hear: () => {} });
    const [first, second] = [
      await personWithInbox([relay.url("/inbox")]),
      await personWithInbox([relay.url("/inbox")]),
    ];
    const sender = messenger({
      indexerRelays: [relay.url("/indexer"), silent.url],
      timeoutMs: 1_500,
    });
    for (const someone of [first, second])
      expect(await sender.deliver(messageTo(someone), signal())).toMatchObject({
        state: "delivered",
      });
    expect(sender.connected.filter((url) => url === silent.url)).toHaveLength(1);
    // What that one may know is unknown still.
    const unknown = await sender.deliver(messageTo(person()), signal());
    expect(unknown).toEqual({ state: "no_inbox", isUnsure: true });
  });

  test("is the newest list that any indexer has", async () => {
    const someone = person();
    await publish("/indexer", inboxList(someone, [relay.url("/inbox")], nowSeconds() - 60));
    await publish("/indexer2", inboxList(someone, [relay.url("/inbox2")]));
    for (const paths of [
      ["/indexer", "/indexer2"],
      ["/indexer2", "/indexer"],
    ]) {
      const sender = messenger({ indexerRelays: paths.map((path) => relay.url(path)) });
      const delivery = await sender.deliver(messageTo(someone), signal());
      expect(delivery).toEqual({ state: "delivered", relays: [relay.url("/inbox2")] });
    }
  });

  test("emptied by a newer list is none", async () => {
    const someone = await personWithInbox([]);
    await publish("/indexer2", inboxList(someone, [relay.url("/inbox")], nowSeconds() - 60));
    const sender = messenger({ indexerRelays: [relay.url("/indexer"), relay.url("/indexer2")] });
    expect(await sender.deliver(messageTo(someone), signal())).toEqual({ state: "no_inbox" });
  });

  test("is not taken from a list that its owner did not sign, or dated beyond all time", async () => {
    const [someone, other] = [person(), person()];
    const genuine = inboxList(someone, [relay.url("/inbox")], nowSeconds() - 60);
    const elsewhere = inboxList(someone, [relay.url("/else")]);
    const forged = [
      { ...elsewhere, tags: [["relay", relay.url("/inbox2")]] },
      { ...genuine, created_at: nowSeconds() },
      { ...inboxList(other, [relay.url("/else")]), pubkey: someone.pubkey },
      inboxList(other, [relay.url("/else")]),
      signedEvent(someone.secretKey, { kind: 10002, tags: [["relay", relay.url("/else")]] }),
      inboxList(someone, [relay.url("/else")], 1e300),
      { kind: 10050, pubkey: someone.pubkey },
      null,
    ];
    const liar = scripted(holding([...forged, genuine] as Event[]));
    const sender = messenger({ indexerRelays: [liar.url] });
    const delivery = await sender.deliver(messageTo(someone), signal());
    expect(delivery).toEqual({ state: "delivered", relays: [relay.url("/inbox")] });
    const onlyForged = messenger({ indexerRelays: [scripted(holding(forged as Event[])).url] });
    expect(await onlyForged.deliver(messageTo(someone), signal())).toEqual({ state: "no_inbox" });
  });

  test("is at most five relays, each once, over wss or on this machine", async () => {
    const someone = await personWithInbox([
      "http://relay.example",
      "ws://relay.example",
      "wss://user:secret@relay.example",
      `wss://relay.example/${"x".repeat(600)}`,
      "not a url",
      "",
      relay.url("/inbox"),
      "wss://a.example",
      "wss://A.example/",
      "wss://a.example/#part",
      "wss://b.example",
      "wss://c.example",
      "wss://d.example",
      "wss://e.example",
    ]);
    const sender = messenger({
      connect: async (url, s) => {
        if (url.startsWith("wss:")) throw new Error("not reached");
        return openSocket(url, s);
      },
    });
    const delivery = await sender.deliver(messageTo(someone), signal());
    expect(delivery).toEqual({ state: "delivered", relays: [relay.url("/inbox")] });
    const asked = ["a", "b", "c", "d"].map((name) => `wss://${name}.example`);
    expect(sender.connected.slice(1)).toEqual([relay.url("/inbox"), ...asked]);
  });

  test("is found though one indexer is down", async () => {
    const someone = await personWithInbox([relay.url("/inbox")]);
    relay.setPath("/indexer2", "down");
    const sender = messenger({ indexerRelays: [relay.url("/indexer2"), relay.url("/indexer")] });
    expect((await sender.deliver(messageTo(someone), signal())).state).toBe("delivered");
  });

  test("is unknown, which is not none, while no indexer gives a whole answer", async () => {
    const someone = await personWithInbox([relay.url("/inbox")]);
    relay.setPath("/indexer", "down");
    const flood = Array.from({ length: 30 }, () => inboxList(person(), []));
    const others: Script[] = [
      { hear: () => {} },
      { hear: ([type, id], say) => type === "REQ" && say("CLOSED", id, "error: busy") },
      { hear: (_, say) => say("NOTICE", "x".repeat(300 * 1024)) },
      holding(flood),
    ];
    for (const url of [relay.url("/indexer"), ...others.map((script) => scripted(script).url)]) {
      const sender = messenger({ indexerRelays: [url], timeoutMs: 300 });
      const error = await sender.deliver(messageTo(someone), signal()).catch((e) => e);
      expect(error).toBeInstanceOf(Unavailable);
      expect(error.code).toBe("indexers_unreachable");
    }
  });
});

describe("a proof of who connects (NIP-42)", () => {
  test("is given to an inbox relay and to an indexer that demand it", async () => {
    const someone = person();
    const inbox: ScriptedRelay = scripted(demandingProof(platform, [], () => inbox.url));
    const list = inboxList(someone, [inbox.url]);
    const indexer: ScriptedRelay = scripted(demandingProof(platform, [list], () => indexer.url));
    const sender = messenger({ indexerRelays: [indexer.url] });
    const deliver = () => sender.deliver(messageTo(someone), signal());
    expect(await deliver()).toEqual({ state: "delivered", relays: [inbox.url] });
    expect(indexer.heard).toEqual(["REQ", "AUTH", "REQ", "CLOSE"]);
    expect(inbox.heard).toEqual(["EVENT", "AUTH", "EVENT"]);
    await deliver();
    expect(inbox.heard.slice(3)).toEqual(["EVENT"]);
    expect(inbox.offered[1]).toEqual(inbox.offered[0]!);
  });

  test("is given once for messages sent at the same time", async () => {
    const inbox: ScriptedRelay = scripted(demandingProof(platform, [], () => inbox.url));
    const someone = await personWithInbox([inbox.url]);
    const sender = messenger();
    const deliveries = [1, 2, 3].map(() => sender.deliver(messageTo(someone), signal()));
    for (const { state } of await Promise.all(deliveries)) expect(state).toBe("delivered");
    expect(inbox.heard.filter((type) => type === "AUTH")).toHaveLength(1);
  });

  test("is not given to a relay that only offers to hear it", async () => {
    const inbox = scripted({
      open: (say) => say("AUTH", "a challenge"),
      hear([type, event], say) {
        if (type === "EVENT") say("OK", (event as Event).id, true, "");
      },
    });
    const someone = await personWithInbox([inbox.url]);
    expect((await messenger().deliver(messageTo(someone), signal())).state).toBe("delivered");
    expect(inbox.heard).toEqual(["EVENT"]);
  });

  test("that is not good enough is a refusal", async () => {
    const inbox: ScriptedRelay = scripted(demandingProof(person().pubkey, [], () => inbox.url));
    const someone = await personWithInbox([inbox.url]);
    expect(await messenger().deliver(messageTo(someone), signal())).toEqual({
      state: "refused",
      relays: [{ url: inbox.url, reason: "restricted: not on the list" }],
    });
  });

  test.each(["address_without_slash", "proof_without_ok"] as const)(
    "is taken by an inbox of the habit %s, however it is listed",
    async (habit) => {
      relay.setHabits("/inbox", [habit]);
      for (const slash of ["", "/"]) {
        const someone = await personWithInbox([`${relay.url("/inbox")}${slash}`]);
        const sender = messenger({ timeoutMs: 6_000 });
        const { state } = await sender.deliver(messageTo(someone), signal());
        expect([slash, state]).toEqual([slash, "delivered"]);
        sender.close();
      }
      relay.setHabits("/inbox", []);
    },
    20_000,
  );
});

test("an inbox that takes nothing of days ago gets a wrap that is dated now", async () => {
  relay.setHabits("/inbox", ["dated_now"]);
  const someone = await personWithInbox([relay.url("/inbox")]);
  const { state } = await messenger().deliver(messageTo(someone), signal());
  expect(state).toBe("delivered");
  const [wrap] = await wrapsAt("/inbox", someone);
  expect(Math.abs((wrap?.created_at ?? 0) - nowSeconds())).toBeLessThan(60);
  relay.setHabits("/inbox", []);
});
