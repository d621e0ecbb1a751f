import { Elysia } from "elysia";
import { AppError } from "../errors.ts";
import type { Feed, FeedEntry } from "../host/feed.ts";
import type { RouteParts } from "./parts.ts";
import { lastEventId, problem, refusal } from "./shapes.ts";

/** `<epoch>.<seq>`; a number alone is what an earlier release gave out. */
const LAST_ID = /^(?:[0-9a-f]{8}\.)?\d{1,15}$/;
const STREAMS_MAX = 8;
const STREAM_MS = 12 * 3_600_000;
/** Proxies close what is silent for a minute. */
const HEARTBEAT_MS = 25_000;

export type EventParts = {
  feed: Feed;
  /** Real time between two `now` events; a proxy's patience if absent. */
  heartbeatMs?: number;
};

/** Relays that should run and do not as they should, by id; `zooid`: none does. In epoch ms. */
export type OutsideNews = {
  zooid: { code: string; since: number } | null;
  relays: Record<string, { code: string; since: number }>;
};

/** What is seen changes often at once, when it changes. */
const SEEN_MS = 500;

async function outsideOf(
  { pulse, queries }: Pick<RouteParts, "pulse" | "queries">,
  tenant: string,
): Promise<OutsideNews> {
  const seen: OutsideNews = { zooid: pulse.outage(), relays: {} };
  if (pulse.troubled.size === 0) return seen;
  for (const { id } of await queries.relays.servedOf(tenant)) {
    const trouble = pulse.troubled.get(id);
    if (trouble) seen.relays[id] = { code: trouble.code, since: trouble.since };
  }
  return seen;
}

/**
 * The tenant's live feed, as server-sent events over fetch streaming: a URL must not hold a token, so
 * EventSource cannot be used. Without Last-Event-ID it begins with every actor as it is now.
 */
export const eventRoutes = (parts: RouteParts & EventParts) => {
  const open = new Map<string, number>();
  const { feed, watching, edge } = parts;

  return new Elysia({ name: "events", detail: { tags: ["tenant"] } }).get(
    "/tenant/events",
    async ({ request, server }) => {
      const tenant = edge.pubkeyOf(request);
      const lastId = request.headers.get("last-event-id");
      if (lastId !== null && !LAST_ID.test(lastId))
        throw new AppError("invalid", 422, "send back an id that this stream gave you", {
          field: "Last-Event-ID",
        });
      const goesOn = lastId === null ? null : await feed.seqOf(lastId, tenant);
      const count = open.get(tenant) ?? 0;
      if (count >= STREAMS_MAX)
        throw new AppError("too_many_streams", 429, `close one of your ${STREAMS_MAX} streams`);
      open.set(tenant, count + 1);
      const unwatch = watching(tenant);
      // A quiet stream stays open.
      server?.timeout(request, 0);
      const stream = feedStream(parts, tenant, goesOn, () => {
        unwatch();
        const left = (open.get(tenant) ?? 1) - 1;
        if (left === 0) open.delete(tenant);
        else open.set(tenant, left);
      });
      request.signal.addEventListener("abort", stream.end);
      return new Response(stream.body, {
        headers: {
          "content-type": "text/event-stream; charset=utf-8",
          "cache-control": "no-store",
          "x-accel-buffering": "no",
        },
      });
    },
    {
      headers: lastEventId,
      response: { 401: problem, 422: refusal("invalid"), 429: refusal("too_many_streams") },
      detail: {
        summary: "My live feed (server-sent events)",
        description:
          "Read it by fetch, since it is signed. Without Last-Event-ID it begins with all that is yours as it is now; then each change follows as an event `snapshot`: `{seq, actor, machine, version, rev, at, by, snapshot}`, with times in epoch milliseconds. After what is there comes one event `ready`: `{seq, now}`. `now` is the server's clock, by which every date counts; it is told again as an event `now`: `{now}`, at least twice a minute. Before `ready`, and whenever it changes, an event `outside` says which relays do not run as they should: `{zooid, relays}`, where `zooid` is null or `{code, since}` where none does, and `relays` has the same by id. Quiet streams stay open; each is closed after 12 hours, and a tenant has at most 8.",
      },
    },
  );
};

/** One stream. `onEnd` is called once, however it ends. */
function feedStream(
  parts: RouteParts & EventParts,
  scope: string,
  lastSeq: number | null,
  onEnd: () => void,
) {
  const { feed, clock, pulse, heartbeatMs = HEARTBEAT_MS } = parts;
  const encoder = new TextEncoder();
  let controller: ReadableStreamDefaultController<Uint8Array>;
  let seq = lastSeq ?? 0;
  let isOpen = true;
  /** What there is was told, and changes follow. */
  let isReady = false;
  let pumping: Promise<void> | null = null;
  let isAskedAgain = false;

  const write = (text: string): void => controller.enqueue(encoder.encode(text));
  const send = (entry: FeedEntry): void =>
    write(`id: ${feed.idOf(entry.seq)}\nevent: snapshot\ndata: ${JSON.stringify(entry)}\n\n`);
  /** Sends what changed, as fast as the reader takes it: a slow one holds nothing in memory. */
  const sendChanges = async (): Promise<void> => {
    do {
      isAskedAgain = false;
      while (isOpen && (controller.desiredSize ?? 0) > 0) {
        const entries = await feed.since(scope, seq);
        if (entries.length === 0 || !isOpen) break;
        for (const entry of entries) {
          seq = entry.seq;
          send(entry);
        }
      }
    } while (isAskedAgain && isOpen);
  };
  /** One at a time: whoever asks meanwhile is looked after at its end. */
  const pump = (): Promise<void> => {
    isAskedAgain = true;
    if (!isReady) return Promise.resolve();
    pumping ??= sendChanges()
      .catch(() => end())
      .finally(() => {
        pumping = null;
      });
    return pumping;
  };
  let outside = "";
  let looking: ReturnType<typeof setTimeout> | undefined;
  /** Without an id, as no revision of anything. */
  const look = async (): Promise<void> => {
    looking = undefined;
    const seen = JSON.stringify(await outsideOf(parts, scope));
    if (!isOpen || seen === outside) return;
    outside = seen;
    write(`event: outside\ndata: ${seen}\n\n`);
  };
  const end = (): void => {
    if (!isOpen) return;
    isOpen = false;
    unsubscribe();
    unsee();
    clearTimeout(looking);
    clearInterval(heartbeat);
    clearTimeout(lifetime);
    onEnd();
    try {
      controller.close();
    } catch {
      // The reader has gone already.
    }
  };
  const unsubscribe = feed.subscribe(scope, () => void pump());
  const unsee = pulse.onChange(() => {
    looking ??= setTimeout(() => void look().catch(end), SEEN_MS);
  });
  // Without an id: it is no change, and whoever resumes goes on from the last one. A reader that is
  // behind is not silent, and will be told a later time.
  const heartbeat = setInterval(() => {
    if ((controller.desiredSize ?? 0) > 0)
      write(`event: now\ndata: ${JSON.stringify({ now: clock.now() })}\n\n`);
    // Some of it becomes so by time alone.
    void look().catch(end);
  }, heartbeatMs);
  const lifetime = setTimeout(end, STREAM_MS);

  const body = new ReadableStream<Uint8Array>(
    {
      async start(started) {
        controller = started;
        if (lastSeq === null) {
          const present = await feed.present(scope);
          if (!isOpen) return;
          seq = present.seq;
          for (const entry of present.entries) send(entry);
        }
        await look();
        if (!isOpen) return;
        const now = clock.now();
        write(`id: ${feed.idOf(seq)}\nevent: ready\ndata: ${JSON.stringify({ seq, now })}\n\n`);
        isReady = true;
        void pump();
      },
      pull: pump,
      cancel: end,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 256 * 1024 }),
  );
  return { body, end };
}
