import { describe, expect, test } from "bun:test";
import { createActor, fromCallback, fromPromise, SimulatedClock } from "xstate";
import { getSimplePaths } from "xstate/graph";
import {
  CHALLENGE_PATIENCE_MS,
  EXTENSION_PATIENCE_MS,
  type LoginEvent,
  loginMachine,
  type NewProfile,
  PUBLISH_PATIENCE_MS,
  SCAN_PATIENCE_MS,
  SIGNER_PATIENCE_MS,
  type SignerNews,
  type Way,
} from "../../machines/login.ts";

const SECRET = "nsec1verysecret";
const ADDRESS = "bunker://abc?relay=wss://relay.example&secret=one-time";
const PROFILE: NewProfile = { name: "Marina", picture: "", about: "" };

/** Somebody at the login, whose signers answer when the test says so. */
function somebody() {
  const clock = new SimulatedClock();
  const asked: { name: string; input: unknown }[] = [];
  const given: string[] = [];
  let settle: { resolve: (output?: unknown) => void; reject: (error: Error) => void };
  let news: (event: SignerNews) => void = () => {};
  /** What the page would do: any output, for any input. */
  const promise = (name: string) =>
    fromPromise<unknown, unknown>(({ input, signal }) => {
      asked.push({ name, input });
      signal.addEventListener("abort", () => given.push(name));
      return new Promise((resolve, reject) => {
        settle = { resolve, reject };
      });
    }) as never;
  const talk = (name: string) =>
    fromCallback<LoginEvent, unknown>(({ sendBack, input }) => {
      asked.push({ name, input });
      news = sendBack;
      return () => given.push(name);
    }) as never;
  const actor = createActor(
    loginMachine.provide({
      actors: {
        askExtension: promise("askExtension"),
        joinBunker: talk("joinBunker"),
        awaitSigner: talk("awaitSigner"),
        openKey: promise("openKey"),
        makeKey: promise("makeKey"),
        enter: promise("enter"),
        publishProfile: promise("publishProfile"),
      },
    }),
    { clock },
  ).start();
  // A promise is heard a microtask later.
  const heard = () => new Promise<void>((resolve) => setTimeout(resolve));
  const me = {
    asked,
    given,
    is: (value: Parameters<ReturnType<typeof actor.getSnapshot>["matches"]>[0]) =>
      actor.getSnapshot().matches(value),
    get value() {
      return actor.getSnapshot().value;
    },
    get context() {
      return actor.getSnapshot().context;
    },
    choose: (way: Way) => me.does({ type: "choose", way }),
    does(event: LoginEvent) {
      actor.send(event);
      return me;
    },
    hears(event: SignerNews) {
      news(event);
      return me;
    },
    waits(ms: number) {
      clock.increment(ms);
      return me;
    },
    async answers(output?: unknown) {
      settle.resolve(output);
      await heard();
      return me;
    },
    async refuses(words: string) {
      settle.reject(new Error(words));
      await heard();
      return me;
    },
  };
  return me;
}

const joining = () => somebody().choose("bunker").does({ type: "join", address: ADDRESS });
const scanning = () =>
  somebody().choose("connect").hears({ type: "signer.offered", uri: "nostrconnect://x" });
const named = () => somebody().choose("create").does({ type: "name", profile: PROFILE });
const withKey = () => named().answers({ ending: "qqqxyz" });

describe("the way in", () => {
  test("by an extension goes from its answer to being logged in, for good", async () => {
    const me = await somebody().choose("extension").answers();
    expect(me.value).toBe("entering");
    expect(me.asked.at(-1)).toEqual({ name: "enter", input: { keep: true } });
    expect((await me.answers()).value).toBe("done");
  });

  test("by an address asks that address, and goes on when the signer is opened", async () => {
    const me = joining();
    expect(me.asked).toEqual([{ name: "joinBunker", input: { address: ADDRESS } }]);
    me.hears({ type: "signer.linked" }).hears({ type: "signer.opened" });
    expect((await me.answers()).value).toBe("done");
  });

  test("by a scanned code shows what is offered, and that a signer has answered", async () => {
    const me = scanning();
    expect(me.context.uri).toBe("nostrconnect://x");
    me.hears({ type: "signer.met" });
    expect(me.is({ connect: { offering: "met" } })).toBe(true);
    me.hears({ type: "signer.opened" });
    expect((await me.answers()).value).toBe("done");
  });

  test("by a secret key lasts as long as was asked for", async () => {
    for (const keep of [true, false]) {
      const me = await somebody()
        .choose("key")
        .does({ type: "open", text: SECRET, keep })
        .answers();
      expect(me.asked.at(-1)).toEqual({ name: "enter", input: { keep } });
    }
  });

  test("by a new key publishes the profile once it is in", async () => {
    const me = (await withKey()).does({ type: "saved" }).does({ type: "next" });
    me.does({ type: "confirm", typed: "qqqxyz", keep: false });
    expect(me.asked.at(-1)).toEqual({ name: "enter", input: { keep: false } });
    expect((await me.answers()).value).toBe("publishing");
    expect(me.asked.at(-1)).toEqual({ name: "publishProfile", input: { profile: PROFILE } });
    const done = await me.answers();
    expect(done.value).toBe("done");
    expect(done.context.problem).toBeNull();
  });
});

describe("a new key", () => {
  test("cannot be used before it was copied, downloaded or shown", async () => {
    const me = (await withKey()).does({ type: "next" });
    expect(me.value).toEqual({ create: "backup" });
    expect(me.context.problem).toMatch(/Copy the key, download it, or show it/);
    expect(me.does({ type: "saved" }).context.problem).toBeNull();
    expect(me.does({ type: "next" }).value).toEqual({ create: "confirming" });
  });

  test("cannot be used before its end was typed, in any case, or all of it pasted", async () => {
    const ready = async () => (await withKey()).does({ type: "saved" }).does({ type: "next" });
    for (const typed of ["", "qqqxy", "xyzqqq", "xyz"]) {
      const me = (await ready()).does({ type: "confirm", typed, keep: true });
      expect(me.value).toEqual({ create: "confirming" });
      expect(me.context.problem).toMatch(/not how your key ends/);
    }
    for (const typed of [" QQQxyz ", "nsec1aaaqqqxyz"])
      expect((await ready()).does({ type: "confirm", typed, keep: true }).value).toBe("entering");
  });

  test("whose profile is not published is no obstacle, and it is said", async () => {
    const published = async () => {
      const me = (await withKey()).does({ type: "saved" }).does({ type: "next" });
      return me.does({ type: "confirm", typed: "qqqxyz", keep: true }).answers();
    };
    const failed = await (await published()).refuses("no relay");
    const silent = (await published()).waits(PUBLISH_PATIENCE_MS);
    for (const me of [failed, silent]) {
      expect(me.value).toBe("done");
      expect(me.context.problem).toMatch(/You are logged in. Your profile could not be published/);
    }
  });

  test("is not forgotten to be new only until another way is chosen", async () => {
    const me = (await withKey()).does({ type: "back" }).does({ type: "back" });
    await (await me.choose("extension").answers()).answers();
    expect(me.value).toBe("done");
  });
});

describe("what is waited for", () => {
  const waits: [string, () => ReturnType<typeof somebody>, string, unknown][] = [
    ["an extension", () => somebody().choose("extension"), "askExtension", "choosing"],
    ["an address", joining, "joinBunker", { bunker: "entering" }],
    [
      "a signer's page",
      () => joining().hears({ type: "signer.challenged", url: "https://signer.example" }),
      "joinBunker",
      { bunker: "entering" },
    ],
    ["a scan", scanning, "awaitSigner", "choosing"],
    [
      "a signer that answered",
      () => scanning().hears({ type: "signer.met" }),
      "awaitSigner",
      "choosing",
    ],
    [
      "a secret key to be read",
      () => somebody().choose("key").does({ type: "open", text: SECRET, keep: true }),
      "openKey",
      { key: "entering" },
    ],
    ["a key to be made", named, "makeKey", { create: "naming" }],
  ];
  test.each(waits)("(%s) can be given up, and stops", (_, begin, work, after) => {
    const me = begin();
    expect(me.given).toEqual([]);
    me.does({ type: "back" });
    expect(me.value as unknown).toEqual(after);
    expect(me.given).toEqual([work]);
    expect(me.context).toMatchObject({ problem: null, uri: null, challenge: null });
  });

  const silences: [string, () => ReturnType<typeof somebody>, number, RegExp, unknown][] = [
    [
      "an extension",
      () => somebody().choose("extension"),
      EXTENSION_PATIENCE_MS,
      /extension does not answer/,
      { extension: "refused" },
    ],
    [
      "an address",
      joining,
      SIGNER_PATIENCE_MS,
      /Your signer does not answer/,
      { bunker: "entering" },
    ],
    [
      "a signer's page",
      () => joining().hears({ type: "signer.challenged", url: "https://signer.example" }),
      CHALLENGE_PATIENCE_MS,
      /Your signer does not answer/,
      { bunker: "entering" },
    ],
    ["a scan", scanning, SCAN_PATIENCE_MS, /No signer has answered/, { connect: "failed" }],
    [
      "a signer that answered",
      () => scanning().hears({ type: "signer.met" }),
      SIGNER_PATIENCE_MS,
      /Your signer does not answer/,
      { connect: "failed" },
    ],
  ];
  test.each(silences)(
    "(%s) is not waited for any longer, in words",
    (_, begin, ms, words, after) => {
      const me = begin().waits(ms - 1);
      expect(me.context.problem).toBeNull();
      me.waits(1);
      expect(me.value as unknown).toEqual(after);
      expect(me.context.problem).toMatch(words);
      expect(me.given).toHaveLength(1);
    },
  );

  test("goes on while a relay drops and comes back", () => {
    for (const begin of [joining, scanning]) {
      const me = begin().hears({ type: "signer.linked" });
      const { value } = me;
      me.hears({ type: "signer.lost" });
      expect([me.value, me.context.isLinked]).toEqual([value, false]);
      me.hears({ type: "signer.linked" });
      expect([me.value, me.context.isLinked]).toEqual([value, true]);
      expect(me.given).toEqual([]);
    }
  });

  test("begins again, with another code, after it failed", () => {
    const me = scanning().waits(SCAN_PATIENCE_MS).does({ type: "retry" });
    expect(me.value).toEqual({ connect: { offering: "scanning" } });
    expect(me.context).toMatchObject({ problem: null, uri: null });
    expect(me.asked.map(({ name }) => name)).toEqual(["awaitSigner", "awaitSigner"]);
  });
});

describe("what goes wrong", () => {
  test("is said where it can be mended", async () => {
    const words = "That is no key.";
    const extension = await somebody().choose("extension").refuses(words);
    expect(extension.value).toEqual({ extension: "refused" });
    const key = await somebody()
      .choose("key")
      .does({ type: "open", text: "x", keep: false })
      .refuses(words);
    expect(key.value).toEqual({ key: "entering" });
    const bunker = joining().hears({ type: "signer.refused", words });
    expect(bunker.value).toEqual({ bunker: "entering" });
    const app = scanning().hears({ type: "signer.refused", words });
    expect(app.value).toEqual({ connect: "failed" });
    for (const me of [extension, key, bunker, app]) expect(me.context.problem).toBe(words);
  });

  test("is forgotten when another way is chosen", async () => {
    const me = await somebody().choose("extension").refuses("No.");
    expect(me.does({ type: "back" }).context.problem).toBeNull();
  });

  test("in logging in leads back to the choice", async () => {
    const me = await (await somebody().choose("extension").answers()).refuses("No.");
    expect(me.value).toBe("choosing");
    expect(me.context.problem).toBe("No.");
  });
});

test("no secret is in the context, whatever was typed", async () => {
  const key = await somebody()
    .choose("key")
    .does({ type: "open", text: SECRET, keep: true })
    .answers();
  const bunker = joining().hears({ type: "signer.linked" });
  expect(JSON.stringify([key.context, bunker.context])).not.toMatch(/verysecret|one-time/);
});

test("every state is reached, and says what is true for the person", () => {
  const events: LoginEvent[] = [
    ...(["extension", "connect", "bunker", "key", "create"] as const).map(
      (way): LoginEvent => ({ type: "choose", way }),
    ),
    { type: "join", address: ADDRESS },
    { type: "open", text: SECRET, keep: true },
    { type: "name", profile: PROFILE },
    { type: "saved" },
    { type: "next" },
    { type: "confirm", typed: "qqqxyz", keep: true },
    { type: "signer.met" },
    { type: "signer.challenged", url: "https://signer.example" },
    { type: "signer.opened" },
    { type: "signer.refused", words: "No." },
    { type: "xstate.done.actor.askExtension", output: undefined } as never,
    { type: "xstate.error.actor.askExtension", error: new Error("No.") } as never,
    { type: "xstate.done.actor.openKey", output: undefined } as never,
    { type: "xstate.done.actor.makeKey", output: { ending: "qqqxyz" } } as never,
    { type: "xstate.done.actor.enter", output: undefined } as never,
    { type: "xstate.done.actor.publishProfile", output: undefined } as never,
  ];
  const reached = new Set<string>();
  for (const { state } of getSimplePaths(loginMachine, {
    events,
    serializeState: ({ value, context }) => JSON.stringify([value, context.isSaved, context.isNew]),
  }))
    for (const node of state._nodes) reached.add(node.id);
  for (const node of allNodes(loginMachine.root)) {
    expect([node.id, node.description]).toEqual([node.id, expect.stringMatching(/\.$/)]);
    expect([node.id, reached.has(node.id)]).toEqual([node.id, true]);
  }
});

type Node = typeof loginMachine.root;
function allNodes(node: Node): Node[] {
  return [node, ...Object.values(node.states).flatMap((child) => allNodes(child as Node))];
}
