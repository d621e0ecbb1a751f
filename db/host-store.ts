import type { SQLQueryBindings } from "bun:sqlite";
import type { Db } from "./database.ts";
import { putWriter } from "./write-puts.ts";

/** One actor as stored. `snapshot` is the persisted machine snapshot as JSON; `at` logical epoch ms. */
export type ActorRow = {
  id: string;
  machine: string;
  version: string;
  scope: string;
  rev: number;
  at: number;
  snapshot: string;
};

/** One transition. `event` and `snapshot` are JSON. */
export type JournalRow = {
  seq: number;
  scope: string;
  actor: string;
  rev: number;
  at: number;
  recordedAt: number;
  version: string;
  event: string;
  cause: string;
  by: string | null;
  reason: string | null;
  dedup: string | null;
  snapshot: string;
};

/** A deadline of an actor's present state. */
export type AlarmRow = { actor: string; name: string; due: number; heldAt: number | null };

type OutboxState = "todo" | "running" | "done" | "cancelled" | "undelivered" | "held";

/**
 * One piece of work. `input`, `answer` and `memo` are JSON; `nextAt` is logical epoch ms. `error` is
 * the code of what went wrong; of an undelivered row why, and after `code: ` where there is no answer.
 */
export type OutboxRow = {
  seq: number;
  key: string;
  actor: string;
  invoke: string;
  src: string;
  lane: string;
  mutex: string | null;
  input: string;
  state: OutboxState;
  attempt: number;
  deaths: number;
  nextAt: number;
  error: string | null;
  answer: string | null;
  memo: string | null;
};

export type HostStore = ReturnType<typeof hostStore>;

const OUTBOX = `seq, key, actor, invoke, src, lane, mutex, input, state, attempt, deaths,
  next_at AS nextAt, error, answer, memo`;
const JOURNAL = `seq, journal.scope, actor, journal.rev, journal.at, recorded_at AS recordedAt,
  journal.version, event, cause, "by", reason, dedup, journal.snapshot`;

/** Work that is not over: word for word the condition of the index `outbox_open`. */
const OPEN = "state IN ('todo', 'running', 'undelivered', 'held')";

/**
 * The host's statements, prepared once. Hand-written SQL, because this is the hot path: a transition
 * runs about six of them.
 */
export function hostStore(db: Db) {
  const { sqlite } = db;
  const one = <Row, Args extends (string | number | null)[]>(sql: string) => {
    const statement = sqlite.prepare<Row, SQLQueryBindings[]>(sql);
    return (...args: Args): Row | null => statement.get(...args);
  };
  const all = <Row, Args extends (string | number | null)[]>(sql: string) => {
    const statement = sqlite.prepare<Row, SQLQueryBindings[]>(sql);
    return (...args: Args): Row[] => statement.all(...args);
  };
  const run = <Args extends (string | number | null)[]>(sql: string) => {
    const statement = sqlite.prepare<unknown, SQLQueryBindings[]>(sql);
    return (...args: Args): number => statement.run(...args).changes;
  };

  return {
    begin: run<[]>("BEGIN IMMEDIATE"),
    commit: run<[]>("COMMIT"),
    rollback: run<[]>("ROLLBACK"),
    /**
     * Whether a transaction is open; SQLite itself gives one up when the disk is full, and a database
     * that was closed has none.
     */
    isOpen(): boolean {
      try {
        return sqlite.inTransaction;
      } catch {
        return false;
      }
    },
    /**
     * Writes 64 kB to the disk and takes them away again: more than what fits into a page that is there
     * already. @throws where that is not possible.
     */
    probe(): void {
      sqlite.transaction(() => {
        sqlite.run("CREATE TABLE IF NOT EXISTS disk_probe (room BLOB)");
        sqlite.run("INSERT INTO disk_probe VALUES (zeroblob(65536))");
      })();
      sqlite.run("DROP TABLE disk_probe");
    },
    savepoint: run<[]>("SAVEPOINT delivery"),
    release: run<[]>("RELEASE delivery"),
    rollbackTo: run<[]>("ROLLBACK TO delivery"),
    /** Writes a row of a noun, in the open transaction. */
    put: putWriter(db),

    actor: one<ActorRow, [string]>("SELECT * FROM actors WHERE id = ?"),
    insertActor: run<[string, string, string, string, number, number, string]>(
      "INSERT INTO actors (id, machine, version, scope, rev, at, snapshot) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ),
    /** Leaves the version alone: naming it here would rewrite its index with every transition. */
    updateActor: run<[number, number, string, string]>(
      "UPDATE actors SET rev = ?, at = ?, snapshot = ? WHERE id = ?",
    ),
    migrateActor: run<[string, number, string, string]>(
      "UPDATE actors SET version = ?, rev = ?, snapshot = ? WHERE id = ?",
    ),
    /** Actors of a machine stored by another version than `version`. */
    outdated: all<ActorRow, [string, string, number]>(
      "SELECT * FROM actors WHERE machine = ? AND (version < ?2 OR version > ?2) LIMIT ?3",
    ),
    actorIds: all<{ id: string }, [string, number]>(
      "SELECT id FROM actors WHERE id > ? ORDER BY id LIMIT ?",
    ),
    scopeActors: all<ActorRow, [string]>("SELECT * FROM actors WHERE scope = ? ORDER BY id"),

    insertJournal: run<
      [
        string,
        string,
        number,
        number,
        number,
        string,
        string,
        string,
        string | null,
        string | null,
        string | null,
        string,
      ]
    >(
      `INSERT INTO journal (scope, actor, rev, at, recorded_at, version, event, cause, "by", reason, dedup, snapshot)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    hasDedup: one<{ seq: number }, [string]>("SELECT seq FROM journal WHERE dedup = ?"),
    lastSeq: one<{ seq: number }, []>("SELECT coalesce(max(seq), 0) AS seq FROM journal"),
    actorJournal: all<JournalRow, [string]>(
      `SELECT ${JOURNAL} FROM journal WHERE actor = ? ORDER BY rev`,
    ),
    /** The newest so many, newest first. */
    actorJournalTail: all<JournalRow, [string, number]>(
      `SELECT ${JOURNAL} FROM journal WHERE actor = ? ORDER BY rev DESC LIMIT ?`,
    ),
    scopeJournal: all<JournalRow & { machine: string }, [string, number, number]>(
      `SELECT ${JOURNAL}, machine FROM journal JOIN actors ON actors.id = journal.actor
       WHERE journal.scope = ? AND seq > ? ORDER BY seq LIMIT ?`,
    ),

    alarmsOf: all<AlarmRow, [string]>(
      "SELECT actor, name, due, held_at AS heldAt FROM alarms WHERE actor = ?",
    ),
    /** One that stands at `due` and is not held. */
    alarm: one<{ due: number }, [string, string, number]>(
      "SELECT due FROM alarms WHERE actor = ? AND name = ? AND due = ? AND held_at IS NULL",
    ),
    setAlarm: run<[string, string, number]>(
      `INSERT INTO alarms (actor, name, due) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET due = excluded.due, held_at = NULL, error = NULL`,
    ),
    deleteAlarm: run<[string, string]>("DELETE FROM alarms WHERE actor = ? AND name = ?"),
    holdAlarm: run<[number, string, string, string]>(
      "UPDATE alarms SET held_at = ?, error = ? WHERE actor = ? AND name = ?",
    ),
    releaseAlarm: run<[string, string]>(
      "UPDATE alarms SET held_at = NULL, error = NULL WHERE actor = ? AND name = ?",
    ),
    dueAlarms: all<AlarmRow, [number, number]>(
      `SELECT actor, name, due, held_at AS heldAt FROM alarms
       WHERE held_at IS NULL AND due <= ? ORDER BY due, actor, name LIMIT ?`,
    ),
    /** The same with their scopes, without those of the scopes in a JSON array. */
    dueAlarmsBut: all<AlarmRow & { scope: string }, [number, string, number]>(
      `SELECT actor, name, due, held_at AS heldAt, scope
       FROM alarms JOIN actors ON actors.id = alarms.actor
       WHERE held_at IS NULL AND due <= ? AND scope NOT IN (SELECT value FROM json_each(?))
       ORDER BY due, actor, name LIMIT ?`,
    ),
    nextAlarm: one<{ due: number }, []>(
      "SELECT due FROM alarms WHERE held_at IS NULL ORDER BY due LIMIT 1",
    ),

    insertWork: run<
      [string, string, string, string, string, string | null, string, number, number]
    >(
      `INSERT INTO outbox (key, actor, invoke, src, lane, mutex, input, state, attempt, deaths, next_at, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, 'todo', 0, 0, ?, ?)`,
    ),
    /** Leaving the state ends the work, whether it has begun or not. */
    cancelWork: all<{ key: string }, [number, string, string]>(
      `UPDATE outbox SET state = 'cancelled', finished_at = ? WHERE actor = ? AND invoke = ?
       AND ${OPEN} RETURNING key`,
    ),
    /** The first that is due, except the keys and mutexes in two JSON arrays. */
    nextWork: one<OutboxRow, [string, number, string, string]>(
      `SELECT ${OUTBOX} FROM outbox WHERE state = 'todo' AND lane = ? AND next_at <= ?
         AND key NOT IN (SELECT value FROM json_each(?))
         AND (mutex IS NULL OR mutex NOT IN (SELECT value FROM json_each(?)))
       ORDER BY next_at, seq LIMIT 1`,
    ),
    dueWork: all<{ key: string }, [string, number]>(
      "SELECT key FROM outbox WHERE state = 'todo' AND lane = ? AND next_at <= ?",
    ),
    nextTodo: one<{ nextAt: number }, [string]>(
      "SELECT next_at AS nextAt FROM outbox WHERE state = 'todo' AND lane = ? ORDER BY next_at LIMIT 1",
    ),
    work: one<OutboxRow, [string]>(`SELECT ${OUTBOX} FROM outbox WHERE key = ?`),
    openWork: all<OutboxRow, [string]>(`SELECT ${OUTBOX} FROM outbox WHERE actor = ? AND ${OPEN}`),
    /** What of a scope's work is under way, or could be. */
    unfinishedWork: all<Pick<OutboxRow, "state" | "lane" | "nextAt">, [string]>(
      `SELECT outbox.state, lane, next_at AS nextAt
       FROM actors CROSS JOIN outbox INDEXED BY outbox_open ON outbox.actor = actors.id
       WHERE scope = ? AND ${OPEN} AND outbox.state IN ('todo', 'running')`,
    ),
    claimWork: run<[string]>(
      "UPDATE outbox SET state = 'running', attempt = attempt + 1 WHERE key = ? AND state = 'todo'",
    ),
    finishWork: run<[number, string | null, string | null, string]>(
      `UPDATE outbox SET state = 'done', finished_at = ?, answer = ?, error = ?
       WHERE key = ? AND state IN ('running', 'undelivered')`,
    ),
    /** Tries again at `nextAt`; `attempts` is what the attempt cost, 0 when nobody was reached. */
    retryWork: run<[number, string, number, string]>(
      "UPDATE outbox SET state = 'todo', next_at = ?, error = ?, attempt = attempt - ? WHERE key = ? AND state = 'running'",
    ),
    /** What it asks died of it: it is to be done again, unless this was the last of `deaths`. */
    dieWork: run<[number, number, string, string]>(
      `UPDATE outbox SET deaths = deaths + 1, attempt = attempt - 1, next_at = ?2, error = ?3,
         state = CASE WHEN deaths + 1 >= ?1 THEN 'held' ELSE 'todo' END
       WHERE key = ?4 AND state = 'running'`,
    ),
    /** The answer could not be delivered. */
    stickWork: run<[string | null, string, string]>(
      `UPDATE outbox SET state = 'undelivered', answer = ?, error = ?
       WHERE key = ? AND state = 'running'`,
    ),
    memoWork: run<[string, string]>("UPDATE outbox SET memo = ? WHERE key = ?"),
    releaseWork: run<[number, string]>(
      `UPDATE outbox SET state = 'todo', deaths = 0, next_at = ? WHERE key = ? AND state = 'held'`,
    ),
    /** After a death: what was running is to be done again, unless it was there at `deaths` deaths. */
    reviveWork: run<[number]>(
      `UPDATE outbox INDEXED BY outbox_open SET deaths = deaths + 1,
         state = CASE WHEN deaths + 1 >= ?1 THEN 'held' ELSE 'todo' END,
         error = CASE WHEN deaths + 1 >= ?1 THEN 'the process died while this ran' ELSE error END
       WHERE state = 'running' AND ${OPEN}`,
    ),
    openSources: all<{ src: string }, []>(
      `SELECT DISTINCT src FROM outbox INDEXED BY outbox_open WHERE ${OPEN}`,
    ),
    /** Open work for which no state of its actor waits. */
    orphanedWork: all<{ key: string }, []>(
      `SELECT key FROM outbox INDEXED BY outbox_open
       LEFT JOIN actors ON actors.id = outbox.actor
       WHERE ${OPEN} AND json_type(snapshot, '$.children."' || invoke || '"') IS NULL`,
    ),
    stuckWork: all<OutboxRow, []>(
      `SELECT ${OUTBOX} FROM outbox INDEXED BY outbox_open
       WHERE state IN ('undelivered', 'held') AND ${OPEN} ORDER BY seq`,
    ),
    heldAlarms: all<AlarmRow & { error: string }, []>(
      "SELECT actor, name, due, held_at AS heldAt, error FROM alarms WHERE held_at IS NOT NULL",
    ),
    /** Forgets the oldest finished work of before a time, at most so many rows. */
    pruneWork: run<[number, number]>(
      `DELETE FROM outbox WHERE seq IN
         (SELECT seq FROM outbox WHERE finished_at < ? ORDER BY finished_at LIMIT ?)`,
    ),
  };
}
