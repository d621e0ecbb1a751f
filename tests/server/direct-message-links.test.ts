import { afterEach, expect, test } from "bun:test";
import type { Event } from "nostr-tools/core";
import { generateSecretKey, getPublicKey } from "nostr-tools/pure";
import type { RelayLink } from "../../server/nostr/relay-link.ts";
import { RelayLinkPool } from "../../server/nostr/relay-link-pool.ts";
import { signedEvent, until } from "../sandbox/relay-socket.ts";
import {
  holding,
  openSocket,
  type Script,
  type ScriptedRelay,
  startScriptedRelay,
} from "./scripted-relay.ts";

const secretKey = generateSecretKey();
const signal = new AbortController().signal;
const note = (content: string) => signedEvent(secretKey, { kind: 1, content });

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

/** A relay, a pool, and how often the pool connected. */
function start(script: Script, options: { idleMs?: number; timeoutMs?: number } = {}) {
  const relay: ScriptedRelay = startScriptedRelay(script);
  const counted = { connections: 0 };
  const links = new RelayLinkPool({
    secretKey,
    timeoutMs: 5_000,
    ...options,
    connect: (url, ends) => {
      counted.connections++;
      return openSocket(url, ends);
    },
  });
  endings.push(
    () => links.close(),
    () => relay.stop(),
  );
  const use = <T>(work: (link: RelayLink, limit: AbortSignal) => Promise<T>): Promise<T> =>
    links.use(relay.url, signal, work);
  const query = () =>
    use((link, limit) => link.query({ authors: [getPublicKey(secretKey)] }, limit));
  return { relay, links, counted, use, query };
}

test("a connection that is lost ends what waits for it at once", async () => {
  const { relay, use } = start({ hear: () => relay.drop() });
  const startedAt = Date.now();
  await expect(use((link, limit) => link.publish(note("lost"), limit))).rejects.toThrow("was lost");
  expect(Date.now() - startedAt).toBeLessThan(2_000);
});

test("a connection that was lost between two uses is replaced by a new one", async () => {
  const { relay, counted, use, query } = start(holding([note("held")]));
  const link = await use(async (used) => used);
  relay.drop();
  await link.closed;
  await expect(link.query({}, signal)).rejects.toThrow("was lost");
  expect(await query()).toHaveLength(1);
  expect(counted.connections).toBe(2);
});

test("a connection that nobody uses for a while is closed, and made again when needed", async () => {
  const { counted, use, query } = start(holding([note("held")]), { idleMs: 50 });
  const link = await use(async (used) => used);
  // In use for longer than that, it stays.
  const startedAt = Date.now();
  await use(() => until(() => Date.now() > startedAt + 100));
  expect(await link.query({}, signal)).toHaveLength(1);
  await link.closed;
  expect(await query()).toHaveLength(1);
  expect(counted.connections).toBe(2);
});

test("a connection on which somebody's wait was in vain is not used again, but ends for nobody", async () => {
  const answers: (() => void)[] = [];
  const { counted, use } = start({
    hear([type, event], say) {
      if (type !== "EVENT") return;
      const { id, content } = event as Event;
      if (content === "slow") answers.push(() => say("OK", id, true, ""));
    },
  });
  const slow = use((link, limit) => link.publish(note("slow"), limit));
  await until(() => answers.length > 0);
  const vain = use((link) => link.publish(note("never"), AbortSignal.timeout(20)));
  await expect(vain).rejects.toThrow();
  await use(async () => {});
  expect(counted.connections).toBe(2);
  for (const answer of answers) answer();
  expect((await slow).accepted).toBe(true);
});

test("a relay that asks for another proof gets one", async () => {
  let proven = "";
  let wanted = "first";
  const { relay, use } = start({
    open: (say) => say("AUTH", wanted),
    hear([type, subject], say) {
      const { id, tags } = subject as Event;
      if (type === "AUTH") proven = tags.find(([name]) => name === "challenge")?.[1] ?? "";
      const accepted = type === "AUTH" || proven === wanted;
      if (!accepted && proven !== "") say("AUTH", wanted);
      say("OK", id, accepted, accepted ? "" : "auth-required: prove it");
    },
  });
  const publish = (content: string) => use((link, limit) => link.publish(note(content), limit));
  expect((await publish("one")).accepted).toBe(true);
  wanted = "second";
  expect((await publish("two")).accepted).toBe(true);
  expect(relay.heard.filter((type) => type === "AUTH")).toHaveLength(2);
});

test("a relay that sends a message beyond the bound is not heard further", async () => {
  const { query } = start({
    hear([, id], say) {
      say("NOTICE", "x".repeat(300 * 1024));
      say("EOSE", id);
    },
  });
  await expect(query()).rejects.toThrow("was lost");
});

test("what is no message of a relay is passed over", async () => {
  const held = note("held");
  const { query } = start({
    hear([, id], say) {
      say();
      say("EVENT");
      say("EVENT", { no: "id" }, held);
      say("EVENT", "another", held);
      say("OK", id, true, "");
      say("EVENT", id, held);
      say("EOSE", "another");
      say("EOSE", id);
    },
  });
  expect((await query()).map(({ id }) => id)).toEqual([held.id]);
});
