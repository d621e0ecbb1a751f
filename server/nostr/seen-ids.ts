import { Database } from "bun:sqlite";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { uptime } from "node:os";
import { dirname } from "node:path";
import { isStorageFailure } from "../../db/storage-failure.ts";

/** Remembers which NIP-98 events were used, so that each is accepted once. */
export interface SeenIds {
  /**
   * Claims a verified event for the request at hand. Only `fresh` lets it pass.
   *
   * `seen`: claimed before, by this process or one before it. `too_early_after_boot`: the machine
   * lost power and with it perhaps the record of this event. `id` must have been recomputed from
   * the event: it commits to `createdAtSeconds`, and the pair is what is remembered.
   *
   * @throws SQLiteError where the file cannot be written; nothing was claimed then
   */
  claim(id: string, createdAtSeconds: number): "fresh" | "seen" | "too_early_after_boot";
  /** Closes the file and marks it complete. */
  close(): void;
}

/** Longer than an event can be valid: 60 s after its date, and as much again for a clock set back. */
const keptSeconds = 150;
/** Nothing that was accepted before a boot is dated later than this after it (NIP-98's window). */
const futureToleranceMs = 60_000;
/** Expired ids are removed twice as fast as ids come in, a few at a time: no request pays for many. */
const claimsPerPruning = 256;
const pruningIntervalMs = 10_000;
/** By how much two readings of one boot's time may differ, where the system gives boots no id. */
const bootTimeToleranceMs = 5_000;

/**
 * Opens the database file of seen ids, creating it where missing; `:memory:` forgets at close.
 *
 * At synchronous=NORMAL a commit costs no fsync. A process that dies loses nothing by it, since the
 * pages are the kernel's; a machine that dies can lose the last commits. So the file knows the boot
 * it was last used in and whether it was closed: after a boot that cut it off, events dated before
 * that boot + 60 s are refused. The file is locked for this process while it is open.
 *
 * @param options `now` is real time in epoch ms; `bootId` and `bootedAtMs` say which boot of the
 * system this is and when it was, by default read from the system
 */
export function openSeenIds(
  path: string,
  options: { now?: () => number; bootId?: string | null; bootedAtMs?: number } = {},
): SeenIds {
  const now = options.now ?? Date.now;
  const boot = {
    id: options.bootId === undefined ? readBootId() : options.bootId,
    startedAtMs: Math.round(options.bootedAtMs ?? now() - uptime() * 1000),
  };
  if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
  const database = new Database(path, { create: true, strict: true });
  database.run("PRAGMA busy_timeout = 5000");
  database.run("PRAGMA locking_mode = EXCLUSIVE");
  database.run("PRAGMA journal_mode = WAL");
  // The mark "in use" must be on the disk before the first claim, or a loss could look like a
  // clean close.
  database.run("PRAGMA synchronous = FULL");
  const notBeforeMs = markInUse(database, boot);
  database.run("PRAGMA synchronous = NORMAL");

  const insert = database.prepare<unknown, [number, string]>(
    "INSERT OR IGNORE INTO seen (created_at, id) VALUES (?, ?)",
  );
  const prune = database.prepare<unknown, [number, number]>(
    `DELETE FROM seen WHERE (created_at, id) IN
       (SELECT created_at, id FROM seen WHERE created_at < ? ORDER BY created_at LIMIT ?)`,
  );
  let claimsUntilPruning = claimsPerPruning;
  let pruneAtMs = now() + pruningIntervalMs;
  let isOpen = true;

  function pruneWhenDue(): void {
    claimsUntilPruning -= 1;
    const nowMs = now();
    if (claimsUntilPruning > 0 && nowMs < pruneAtMs) return;
    prune.run(Math.floor(nowMs / 1000) - keptSeconds, 2 * claimsPerPruning);
    claimsUntilPruning = claimsPerPruning;
    pruneAtMs = nowMs + pruningIntervalMs;
  }

  return {
    claim(id, createdAtSeconds) {
      if (createdAtSeconds * 1000 < notBeforeMs) return "too_early_after_boot";
      if (insert.run(createdAtSeconds, id).changes === 0) return "seen";
      pruneWhenDue();
      return "fresh";
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      try {
        database.run("UPDATE usage SET closed = 1");
      } catch (error) {
        // Not marked as closed it counts as cut off, which is the safe side.
        if (!isStorageFailure(error)) throw error;
      }
      insert.finalize();
      prune.finalize();
      database.close(true);
    },
  };
}

type Boot = { id: string | null; startedAtMs: number };
type Usage = { bootId: string | null; bootedAtMs: number; closed: number; notBeforeMs: number };

/**
 * Takes the file into use in this boot.
 * @returns events dated before this (epoch ms) are to be refused; 0 where nothing can be missing
 */
function markInUse(database: Database, boot: Boot): number {
  database.run(`CREATE TABLE IF NOT EXISTS seen
    (created_at INTEGER NOT NULL, id TEXT NOT NULL, PRIMARY KEY (created_at, id)) WITHOUT ROWID`);
  database.run(`CREATE TABLE IF NOT EXISTS usage (
    one INTEGER PRIMARY KEY CHECK (one = 1), boot_id TEXT, booted_at_ms INTEGER NOT NULL,
    closed INTEGER NOT NULL, not_before_ms INTEGER NOT NULL)`);
  const last = database
    .query<Usage, []>(
      `SELECT boot_id AS bootId, booted_at_ms AS bootedAtMs, closed, not_before_ms AS notBeforeMs
         FROM usage`,
    )
    .get();
  const isCutOff = last !== null && last.closed === 0 && !isSameBoot(last, boot);
  // Kept in the file, for this boot's later processes miss what the first of them missed.
  const notBeforeMs = isCutOff ? boot.startedAtMs + futureToleranceMs : (last?.notBeforeMs ?? 0);
  database.run("INSERT OR REPLACE INTO usage VALUES (1, ?, ?, 0, ?)", [
    boot.id,
    boot.startedAtMs,
    notBeforeMs,
  ]);
  return notBeforeMs;
}

function isSameBoot(last: Usage, boot: Boot): boolean {
  return last.bootId !== null && boot.id !== null
    ? last.bootId === boot.id
    : Math.abs(last.bootedAtMs - boot.startedAtMs) < bootTimeToleranceMs;
}

/** Linux names every boot (random(4)); elsewhere the time of the boot has to tell them apart. */
function readBootId(): string | null {
  const path = "/proc/sys/kernel/random/boot_id";
  return existsSync(path) ? readFileSync(path, "utf8").trim() : null;
}
