/** One signed stream of the server's, found again whenever it is lost. */
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { FeedEntry } from "../../../server/host/feed.ts";
import type { OutsideNews } from "../../../server/routes/events.ts";
import { ApiProblem, problemOf, send, wordsOf } from "../api/api.ts";
import { SignerProblem } from "../signers/signer.ts";

/**
 * How the stream is: `loading` until the first time that all is here, `live`, or `lost` while it is
 * being found again; `stopped` when somebody must do something, as to unlock a signer.
 */
export type Link =
  | { is: "loading" | "live" | "offline" }
  | { is: "lost"; sinceMs: number }
  | {
      is: "stopped";
      why: string;
      /** It was the signer: who logs in again may do so with another. */
      isSigner: boolean;
    };

export type Listener = {
  onLink(link: Link): void;
  onEntry(entry: FeedEntry): void;
  /** All that there was has been told. */
  onReady(): void;
  /** Which relays do not run as they should, as the server sees it. */
  onOutside(news: OutsideNews): void;
  /** What the server's clock says, epoch ms. */
  onNow(nowMs: number): void;
};

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
/** The server says something every 25 s; who hears nothing for longer is not connected any more. */
const SILENCE_MS = 60_000;
/** Between two looks whether Berth is in reach of a device that says it is offline. */
const DOUBT_MS = 3_000;

/** Follows a stream until it is ended. @param path - of a signed stream of our API */
export function followStream(path: string, listener: Listener): { retry(): void; end(): void } {
  const ends = new AbortController();
  const { signal } = ends;
  let wake: () => void = () => {};
  let lastId: string | null = null;
  let link: Link = { is: "loading" };
  const tell = (next: Link): void => {
    link = next;
    listener.onLink(next);
  };

  async function follow(): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      try {
        await read(() => {
          failures = 0;
          listener.onReady();
          tell({ is: "live" });
        });
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof SignerProblem || (error instanceof ApiProblem && isFinal(error))) {
          tell({ is: "stopped", why: wordsOf(error), isSigner: error instanceof SignerProblem });
          await waiting(Number.POSITIVE_INFINITY);
          tell({ is: "loading" });
          continue;
        }
      }
      if (signal.aborted) return;
      if (!navigator.onLine) tell({ is: "offline" });
      else if (link.is !== "lost") tell({ is: "lost", sinceMs: Date.now() });
      const waitMs = Math.min(FIRST_WAIT_MS * 2 ** failures++, LONGEST_WAIT_MS);
      await waiting(
        navigator.onLine ? waitMs * (0.75 + Math.random() / 2) : Number.POSITIVE_INFINITY,
      );
    }
  }

  /** Until the time is over, the device is back online, or somebody asks to try now. */
  function waiting(ms: number): Promise<void> {
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

  /** Reads one connection until it ends. */
  async function read(onReady: () => void): Promise<void> {
    const connection = new AbortController();
    const over = AbortSignal.any([signal, connection.signal]);
    let silence = setTimeout(() => connection.abort(), SILENCE_MS);
    const doubt = (): Promise<void> => doubtUntil(over, () => connection.abort());
    addEventListener("offline", doubt);
    try {
      const headers = {
        accept: "text/event-stream",
        ...(lastId === null ? {} : { "last-event-id": lastId }),
      };
      const response = await send(path, { headers, signal: over });
      if (!response.ok || !response.body)
        throw problemOf(await response.json().catch(() => null), response);
      const reader = response.body
        .pipeThrough(
          new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>,
        )
        .pipeThrough(new EventSourceParserStream())
        .getReader();
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        clearTimeout(silence);
        silence = setTimeout(() => connection.abort(), SILENCE_MS);
        const { event, id, data } = next.value;
        if (event === "snapshot") listener.onEntry(JSON.parse(data) as FeedEntry);
        else if (event === "outside") listener.onOutside(JSON.parse(data) as OutsideNews);
        else {
          const { now } = JSON.parse(data) as { now?: number };
          if (typeof now === "number") listener.onNow(now);
        }
        if (event === "ready") onReady();
        if (id !== undefined) lastId = id;
      }
    } finally {
      clearTimeout(silence);
      removeEventListener("offline", doubt);
      connection.abort();
    }
  }

  void follow();
  return { retry: () => wake(), end: () => ends.abort() };
}

/**
 * A network that went away says so long before its silence does; one's own machine stays in reach, and
 * what is said first may be true a moment later.
 */
async function doubtUntil(over: AbortSignal, onLost: () => void): Promise<void> {
  while (!navigator.onLine && !over.aborted) {
    const isReached = fetch("/healthz", { cache: "no-store", signal: over }).then(
      () => true,
      () => false,
    );
    if (!(await isReached)) return onLost();
    await new Promise((resolve) => setTimeout(resolve, DOUBT_MS));
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
