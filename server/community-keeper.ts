import { Unavailable } from "./errors.ts";
import { publicKeyOf } from "./nostr/event.ts";
import type { OwnRelay } from "./zooid/people/calls.ts";
import { RelayTrouble } from "./zooid/people/calls.ts";
import type { PeopleClient } from "./zooid/people/people.ts";
import { lossesOf } from "./zooid/people/trail.ts";

/** Each community is looked at once in so long. */
const ROUND_MS = 15 * 60_000;
const CONCURRENCY = 4;
/** Real time, within which a relay that was told of people shows them. */
const OVERLAP_SECONDS = 10;

/** Who we think is in a community, the relay's own key and its owner left out. */
type Mirror = { members: readonly string[]; banned: readonly string[] };

export type KeeperOptions = {
  community: Pick<PeopleClient, "list" | "trail">;
  /** Relays that are served, in order of id: at most `limit` after one. */
  served: {
    after(id: string, limit: number): Promise<{ id: string }[]>;
    count(): Promise<number>;
  };
  relayOf: (id: string) => Promise<OwnRelay>;
  mirrorOf: (id: string) => Promise<Mirror>;
  /** Zooid seems to list others than we do. */
  onDifference: (id: string) => void;
  onError: (error: unknown) => void;
  intervalMs?: number;
};

/**
 * Looks at each community in turn, whether zooid still lists who we think it does: other clients let people
 * in and out, and zooid loses some. It reads and says so; who mends it is the community's actor, which
 * writes nothing while nothing differs.
 */
export function createKeeper(o: KeeperOptions) {
  const { intervalMs = 5_000 } = o;
  let cursor = "";
  let count = 0;
  /** How far the trail of each was read, unix seconds. In memory: it is read anew after a start. */
  const readUntil = new Map<string, number>();
  let timer: ReturnType<typeof setInterval> | undefined;
  let running: Promise<void> | null = null;
  let stopping = new AbortController();

  async function look(id: string, signal: AbortSignal): Promise<void> {
    const relay = await o.relayOf(id);
    const since = readUntil.get(id) ?? 0;
    const now = Math.floor(Date.now() / 1000);
    const { members, banned } = await o.community.list(relay, signal);
    const mirror = await o.mirrorOf(id);
    const others = members.filter((pubkey) => pubkey !== relay.owner);
    if (!isSame(others, mirror.members) || !isSame(banned, mirror.banned)) {
      o.onDifference(id);
      return;
    }
    // Whom zooid lost before we knew of them stands in its trail alone.
    const words = await o.community.trail(relay, since, signal);
    const seen = { words, mirror: [], self: publicKeyOf(relay.secretKey) };
    const { add, remove } = lossesOf({
      ...seen,
      listed: new Set(members),
      banned: new Set(banned),
    });
    if (add.length > 0 || remove.length > 0) o.onDifference(id);
    else readUntil.set(id, now - OVERLAP_SECONDS);
  }

  /** Looks at the next few. A zooid that cannot be reached, or one odd relay, is no difference. */
  async function tick(signal: AbortSignal): Promise<void> {
    if (cursor === "") count = await o.served.count();
    const limit = Math.max(1, Math.ceil((count * intervalMs * 1.1) / ROUND_MS));
    const ids = await o.served.after(cursor, limit);
    cursor = ids.length < limit ? "" : (ids.at(-1)?.id ?? "");
    const queue = ids.values();
    let isReached = true;
    const work = async () => {
      for (const { id } of queue) {
        if (!isReached || signal.aborted) return;
        await look(id, signal).catch((error: unknown) => {
          if (error instanceof Unavailable) isReached = false;
          // A list that lost everybody lost the relay's own key, which then reads no trail.
          else if (!(error instanceof RelayTrouble)) o.onError(error);
        });
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
  }

  return {
    /** Looks at the next few; joins a tick that is under way. */
    tick(signal: AbortSignal): Promise<void> {
      running ??= tick(signal).finally(() => {
        running = null;
      });
      return running;
    },
    /** Looks at one community now. */
    look,
    start(): void {
      if (timer) return;
      stopping = new AbortController();
      timer = setInterval(() => void this.tick(stopping.signal).catch(o.onError), intervalMs);
    },
    async stop(): Promise<void> {
      clearInterval(timer);
      timer = undefined;
      stopping.abort();
      await running?.catch(() => {});
    },
  };
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  if (some.length !== others.length) return false;
  const known = new Set(others);
  return some.every((one) => known.has(one));
}
