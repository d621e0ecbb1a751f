import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Event } from "nostr-tools/core";
import { generateSecretKey, getPublicKey, verifyEvent } from "nostr-tools/pure";
import {
  berthProfile,
  type ProfileReport,
  publishPlatformProfile,
} from "../../server/nostr/platform-profile.ts";
import { type NostrRelay, startNostrRelay } from "../../server/sandbox/nostr-relay.ts";
import { RelaySocket, signedEvent } from "../sandbox/relay-socket.ts";
import {
  demandingProof,
  openSocket,
  type Script,
  type ScriptedRelay,
  startScriptedRelay,
} from "./scripted-relay.ts";

const secretKey = generateSecretKey();
const pubkey = getPublicKey(secretKey);
const nowSeconds = () => Math.floor(Date.now() / 1000);
const profile = { name: "Harbour", about: "Relays.", bot: true };

let relay: NostrRelay;
const endings: (() => unknown)[] = [];
beforeEach(async () => {
  relay = await startNostrRelay({ paths: ["/a", "/b"] });
  endings.push(() => relay.stop());
});
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

function scripted(script: Script): ScriptedRelay {
  const started = startScriptedRelay(script);
  endings.push(() => started.stop());
  return started;
}

type Options = Partial<Parameters<typeof publishPlatformProfile>[0]>;
const run = (options: Options = {}): Promise<ProfileReport[]> =>
  publishPlatformProfile(
    {
      secretKey,
      indexerRelays: [relay.url("/a"), relay.url("/b")],
      connect: openSocket,
      profile,
      relays: ["wss://one.example/", "wss://two.example/"],
      dmRelays: ["wss://inbox.example/"],
      timeoutMs: 2_000,
      ...options,
    },
    new AbortController().signal,
  );

/** What a relay has of the platform, by kind. */
async function storedAt(path: string): Promise<Map<number, Event>> {
  const socket = await RelaySocket.open(relay.url(path));
  const events = await socket.query({ authors: [pubkey] });
  socket.close();
  return new Map(events.map((event) => [event.kind, event]));
}

async function store(path: string, event: Event): Promise<void> {
  const socket = await RelaySocket.open(relay.url(path));
  expect((await socket.publish(event))[0]).toBe(true);
  socket.close();
}

const report = (path: string, more: Partial<ProfileReport>): ProfileReport => ({
  url: relay.url(path),
  published: [],
  unchanged: [],
  refused: [],
  failed: null,
  ...more,
});
const allKinds = [0, 10002, 10050];

test("relays that have nothing get the same profile, relay list and inbox", async () => {
  expect(await run()).toEqual([
    report("/a", { published: allKinds }),
    report("/b", { published: allKinds }),
  ]);
  const stored = await storedAt("/a");
  expect(stored).toEqual(await storedAt("/b"));
  expect(JSON.parse(stored.get(0)!.content)).toEqual(profile);
  expect(stored.get(0)!.tags).toEqual([]);
  expect(stored.get(10002)).toMatchObject({
    content: "",
    tags: [
      ["r", "wss://one.example/"],
      ["r", "wss://two.example/"],
    ],
  });
  expect(stored.get(10050)).toMatchObject({
    content: "",
    tags: [["relay", "wss://inbox.example/"]],
  });
  for (const event of stored.values()) {
    expect(Math.abs(event.created_at - nowSeconds())).toBeLessThan(10);
    expect(verifyEvent(event)).toBe(true);
  }
});

test("what is as it should be is left alone", async () => {
  await run();
  const before = await storedAt("/a");
  const { about, ...others } = profile;
  expect(await run({ profile: { about, ...others } })).toEqual([
    report("/a", { unchanged: allKinds }),
    report("/b", { unchanged: allKinds }),
  ]);
  expect(await storedAt("/a")).toEqual(before);
});

test("only what differs is replaced", async () => {
  await run();
  const before = await storedAt("/a");
  const [first] = await run({ dmRelays: ["wss://other.example/"] });
  expect(first).toEqual(report("/a", { published: [10050], unchanged: [0, 10002] }));
  const after = await storedAt("/a");
  expect(after.get(10050)!.tags).toEqual([["relay", "wss://other.example/"]]);
  expect(after.get(10050)!.created_at).toBeGreaterThan(before.get(10050)!.created_at);
  expect(after.get(0)).toEqual(before.get(0)!);
});

test("a version dated ahead of time is replaced by a later one, on every relay", async () => {
  const ahead = nowSeconds() + 3_600;
  await store("/b", signedEvent(secretKey, { kind: 0, content: "{}", created_at: ahead }));
  await run();
  for (const path of ["/a", "/b"]) {
    const kind0 = (await storedAt(path)).get(0)!;
    expect(JSON.parse(kind0.content)).toEqual(profile);
    expect(kind0.created_at).toBe(ahead + 1);
  }
});

test("a profile that is no JSON, or not ours, is replaced or passed over", async () => {
  const other = generateSecretKey();
  await store("/a", signedEvent(secretKey, { kind: 0, content: "not JSON", created_at: 1 }));
  await store("/a", signedEvent(other, { kind: 0, content: JSON.stringify(profile) }));
  await run();
  expect(JSON.parse((await storedAt("/a")).get(0)!.content)).toEqual(profile);
});

describe("a relay that is down", () => {
  test("stops no other, and gets the same events when it is back", async () => {
    relay.setPath("/a", "down");
    expect(await run()).toEqual([
      report("/a", { failed: "not_read" }),
      report("/b", { published: allKinds }),
    ]);
    const stored = await storedAt("/b");
    relay.setPath("/a", "ok");
    expect(await run()).toEqual([
      report("/a", { published: allKinds }),
      report("/b", { unchanged: allKinds }),
    ]);
    expect(await storedAt("/a")).toEqual(stored);
  });

  test("and turns out to have something newer is still brought up to date", async () => {
    const ahead = nowSeconds() + 3_600;
    await store("/a", signedEvent(secretKey, { kind: 0, content: "{}", created_at: ahead }));
    relay.setPath("/a", "down");
    await run();
    relay.setPath("/a", "ok");
    const [first] = await run();
    expect(first).toEqual(report("/a", { published: allKinds }));
    expect((await storedAt("/a")).get(0)!.created_at).toBe(ahead + 1);
  });
});

test("a relay that cannot be read is not written to", async () => {
  const scripts: Script[] = [
    { hear: () => {} },
    { hear: ([type, id], say) => type === "REQ" && say("CLOSED", id, "error: busy") },
    {
      // One event and then silence: half an answer is none.
      hear([type, id], say) {
        if (type === "REQ") say("EVENT", id, signedEvent(secretKey, { kind: 0, content: "{}" }));
      },
    },
  ];
  for (const script of scripts) {
    const unreadable = scripted(script);
    const indexerRelays = [unreadable.url, relay.url("/b")];
    const [first, second] = await run({ indexerRelays, timeoutMs: 300 });
    expect(first).toEqual({ ...report("/a", { failed: "not_read" }), url: unreadable.url });
    expect(second!.failed).toBeNull();
    expect(unreadable.offered).toEqual([]);
  }
});

test("a relay's refusal of one event is told, and the others are still offered", async () => {
  const picky = scripted({
    hear([type, subject], say) {
      if (type === "REQ") say("EOSE", subject);
      if (type !== "EVENT") return;
      const { id, kind } = subject as Event;
      if (kind === 10002) say("OK", id, false, "blocked: no\u0007 lists");
      else say("OK", id, kind === 0, "duplicate: have it");
    },
  });
  const [first] = await run({ indexerRelays: [picky.url] });
  expect(first).toEqual({
    ...report("/a", { published: [0, 10050] }),
    refused: [{ kind: 10002, reason: "blocked: no lists" }],
    url: picky.url,
  });
});

test("a relay that says not now is to be tried again, and is offered nothing more meanwhile", async () => {
  for (const reason of ["rate-limited: slow down", "error: disk full"]) {
    const busy = scripted({
      hear([type, subject], say) {
        if (type === "REQ") say("EOSE", subject);
        if (type !== "EVENT") return;
        const { id, kind } = subject as Event;
        say("OK", id, kind === 0, kind === 0 ? "" : reason);
      },
    });
    const [first] = await run({ indexerRelays: [busy.url] });
    expect(first).toEqual({
      ...report("/a", { published: [0], failed: "not_published" }),
      url: busy.url,
    });
    expect(busy.offered).toHaveLength(2);
  }
});

test("a relay that is lost while it is written to is told as such", async () => {
  const dying: ScriptedRelay = scripted({
    hear([type, subject], say) {
      if (type === "REQ") say("EOSE", subject);
      if (type === "EVENT") dying.drop();
    },
  });
  const [first] = await run({ indexerRelays: [dying.url] });
  expect(first).toEqual({ ...report("/a", { failed: "not_published" }), url: dying.url });
});

test("a relay that demands to know who publishes is told", async () => {
  const demanding: ScriptedRelay = scripted(demandingProof(pubkey, [], () => demanding.url));
  const [first] = await run({ indexerRelays: [demanding.url] });
  expect(first!.published).toEqual(allKinds);
});

test("an empty list is never published", async () => {
  await run();
  const [first] = await run({ relays: [], dmRelays: [] });
  expect(first).toEqual(report("/a", { unchanged: [0] }));
  expect([...(await storedAt("/a")).keys()].sort()).toEqual([0, 10002, 10050].sort());
});

test("Berth's own profile says that it is a bot, and where it lives", () => {
  expect(berthProfile("https://berth.example")).toMatchObject({
    name: "Berth",
    website: "https://berth.example",
    bot: true,
  });
});
