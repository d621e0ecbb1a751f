/**
 * All that is mine, as it is now: one signed stream brings every actor of the tenant and each change
 * after it, and pages show what is here. So nobody is asked to sign again for looking.
 */
import { fromActorRef } from "@xstate/solid";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { type Accessor, createEffect, createMemo, createRoot, createSignal, on } from "solid-js";
import { createStore } from "solid-js/store";
import type { AnyStateMachine } from "xstate";
import { type MachineName, machines } from "../../../machines/index.ts";
import { invoiceActor, relayActor, tenantActor } from "../../../machines/messages.ts";
import type { FeedEntry } from "../../../server/host/feed.ts";
import { ApiProblem, problemOf, send, wordsOf } from "../api/api.ts";
import { login } from "../signers/session.ts";
import { SignerProblem } from "../signers/signer.ts";
import { nowMs, tuneClock } from "./clock.ts";
import { createReplica, type Replica, type ReplicaActor } from "./replica.ts";

export type RelayReplica = Replica<typeof machines.relay>;
export type InvoiceReplica = Replica<typeof machines.invoice>;
export type TenantReplica = Replica<typeof machines.tenant>;
export type NoticeReplica = Replica<typeof machines.notice>;
type ReplicaOf = {
  relay: RelayReplica;
  invoice: InvoiceReplica;
  tenant: TenantReplica;
  notice: NoticeReplica;
};

/**
 * How the stream is: `loading` until the first time that all is here, `live`, or `lost` while it is
 * being found again; `stopped` when somebody must do something, as to unlock a signer.
 */
export type Link =
  | { is: "loading" | "live" | "offline" }
  | { is: "lost"; sinceMs: number }
  | { is: "stopped"; why: string };

type Followed = { actor: ReplicaActor<AnyStateMachine>; snapshot: Accessor<unknown> };

const [link, setLink] = createSignal<Link>({ is: "loading" });
const [isReady, setIsReady] = createSignal(false);
const [followed, setFollowed] = createStore<Record<string, Followed>>({});

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
/** The server says something every 25 s; who hears nothing for longer is not connected any more. */
const SILENCE_MS = 60_000;
/** Between two looks whether Berth is in reach of a device that says it is offline. */
const DOUBT_MS = 3_000;

const isMachine = (name: string): name is MachineName => name in machines;

/** All of a machine's actors, oldest id first. */
const all = <N extends MachineName>(name: N): ReplicaOf[N][] =>
  Object.keys(followed)
    .filter((id) => id.startsWith(`${name}/`))
    .sort()
    .flatMap((id) => {
      const snapshot = followed[id]?.snapshot();
      return snapshot ? [snapshot as ReplicaOf[N]] : [];
    });
const one = <N extends MachineName>(id: string): ReplicaOf[N] | undefined =>
  followed[id]?.snapshot() as ReplicaOf[N] | undefined;

/** What is mine, each a snapshot of the server's machine that changes as the server's does. */
export const live = createRoot(() => ({
  link,
  /** Whether all is here, so that what is not here does not exist. */
  isReady,
  relays: createMemo(() => all("relay")),
  invoices: createMemo(() => all("invoice")),
  notices: createMemo(() => all("notice")),
  relay: (id: string) => one<"relay">(relayActor(id)),
  invoice: (id: string) => one<"invoice">(invoiceActor(id)),
  tenant: () => {
    const pubkey = login()?.pubkey;
    return pubkey === undefined ? undefined : one<"tenant">(tenantActor(pubkey));
  },
  /** Tries now what waits. */
  retry: () => wake(),
}));

let run: AbortController | null = null;
let following: string | null = null;
let wake: () => void = () => {};
let lastId: string | null = null;

/**
 * Follows the tenant that is logged in; null follows nobody and forgets what was here. Who is followed
 * already is not asked to sign for it again.
 */
export function follow(pubkey: string | null): void {
  if (pubkey !== null && pubkey === following && link().is !== "stopped") return;
  run?.abort();
  run = null;
  following = pubkey;
  lastId = null;
  for (const { actor } of Object.values(followed)) actor.stop();
  setFollowed(Object.fromEntries(Object.keys(followed).map((id) => [id, undefined])));
  setIsReady(false);
  setLink({ is: "loading" });
  if (pubkey === null) return;
  run = new AbortController();
  void keepFollowing(run.signal);
}

// Who logs out, on whichever page, is not followed any more.
createRoot(() =>
  createEffect(
    on(
      () => login()?.pubkey ?? null,
      (pubkey) => {
        if (following !== null && pubkey !== following) follow(null);
      },
    ),
  ),
);

async function keepFollowing(signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; ) {
    try {
      await readStream(signal, () => {
        failures = 0;
        setIsReady(true);
        setLink({ is: "live" });
      });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof SignerProblem || (error instanceof ApiProblem && isFinal(error))) {
        setLink({ is: "stopped", why: wordsOf(error) });
        await waiting(signal, Number.POSITIVE_INFINITY);
        setLink({ is: "loading" });
        continue;
      }
    }
    if (signal.aborted) return;
    if (navigator.onLine)
      setLink((now) => (now.is === "lost" ? now : { is: "lost", sinceMs: Date.now() }));
    else setLink({ is: "offline" });
    const waitMs = Math.min(FIRST_WAIT_MS * 2 ** failures++, LONGEST_WAIT_MS);
    await waiting(
      signal,
      navigator.onLine ? waitMs * (0.75 + Math.random() / 2) : Number.POSITIVE_INFINITY,
    );
  }
}

/** Trying again by itself would not help, and could ask somebody to sign for nothing. */
const isFinal = ({ code }: ApiProblem): boolean => !PASSING.has(code);
const PASSING = new Set([
  "unreachable",
  "offline",
  "unexpected",
  "internal",
  "rate_limited",
  "auth_before_boot",
]);

/** Until the time is over, the device is back online, or somebody asks to try now. */
function waiting(signal: AbortSignal, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      removeEventListener("online", end);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = Number.isFinite(ms) ? setTimeout(end, ms) : undefined;
    addEventListener("online", end);
    signal.addEventListener("abort", end);
    wake = end;
  });
}

/** Reads one connection until it ends. @param onReady - all that there was is here */
async function readStream(signal: AbortSignal, onReady: () => void): Promise<void> {
  const connection = new AbortController();
  const ends = AbortSignal.any([signal, connection.signal]);
  let silence = setTimeout(() => connection.abort(), SILENCE_MS);
  // A network that went away says so long before its silence does; one's own machine stays in reach, and
  // what is said first may be true a moment later.
  const doubt = async (): Promise<void> => {
    while (!navigator.onLine && !ends.aborted) {
      const isReached = fetch("/healthz", { cache: "no-store", signal: ends }).then(
        () => true,
        () => false,
      );
      if (!(await isReached)) return connection.abort();
      await new Promise((resolve) => setTimeout(resolve, DOUBT_MS));
    }
  };
  addEventListener("offline", doubt);
  try {
    const response = await send("/tenant/events", {
      headers: {
        accept: "text/event-stream",
        ...(lastId === null ? {} : { "last-event-id": lastId }),
      },
      signal: ends,
    });
    if (!response.ok || !response.body)
      throw problemOf(await response.json().catch(() => null), response);
    const reader = response.body
      .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>)
      .pipeThrough(new EventSourceParserStream())
      .getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      clearTimeout(silence);
      silence = setTimeout(() => connection.abort(), SILENCE_MS);
      const { event, id, data } = next.value;
      if (event === "snapshot") receive(JSON.parse(data) as FeedEntry);
      else tune(data);
      if (event === "ready") onReady();
      if (id !== undefined) lastId = id;
    }
  } finally {
    clearTimeout(silence);
    removeEventListener("offline", doubt);
    connection.abort();
  }
}

function tune(data: string): void {
  const { now } = JSON.parse(data) as { now?: number };
  if (typeof now === "number") tuneClock(now);
}

function receive(entry: FeedEntry): void {
  const { machine: name, actor: id } = entry;
  if (!isMachine(name) || entry.version !== machines[name].version) {
    reloadOnce(entry.version);
    return;
  }
  // Something happened at this time: it is not earlier than that.
  if (entry.at > nowMs() + 1_000) tuneClock(entry.at);
  const known = followed[id];
  if (known) {
    known.actor.send({ type: "replica.snapshot", entry });
    return;
  }
  const actor = createReplica(machines[name] as AnyStateMachine, entry);
  const snapshot = createRoot(() => fromActorRef(actor));
  setFollowed({ [id]: { actor, snapshot } });
}

/** The server speaks of machines that this page does not know: it is newer. A reload brings its pages. */
function reloadOnce(version: string): void {
  const mark = "berth.reloaded";
  if (sessionStorage.getItem(mark) === version) return;
  sessionStorage.setItem(mark, version);
  location.reload();
}
