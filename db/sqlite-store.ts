import type { SQLQueryBindings } from "bun:sqlite";
import { BoundedMap } from "./bounded-map.ts";
import type { Db } from "./database.ts";
import type { ActorRow, AlarmRow, Changed, Image, JournalRow, OutboxRow, Scoped } from "./image.ts";
import { unfolded } from "./patch.ts";
import { sqliteFlush } from "./sqlite-flush.ts";
import type { Store } from "./store.ts";

const ALARM = "actor, name, due, held_at AS heldAt, error";
const OUTBOX = `key, actor, invoke, src, lane, mutex, input, state, attempt, deaths,
  next_at AS nextAt, error, answer, memo, created_at AS createdAt, finished_at AS finishedAt`;
const JOURNAL = `journal.scope, seq, actor, journal.rev, journal.at, recorded_at AS recordedAt,
  journal.version, event, cause, "by", reason, journal.snapshot, patch`;
const SCOPE = (table: string) => `(SELECT scope FROM actors WHERE id = ${table}.actor) AS scope`;

/** Scopes and actors of which something is remembered, so that it need not be read each time. */
const KEPT_MAX = 20_000;

/** Work that is not over: word for word the condition of the index `outbox_open`. */
const OPEN = "state IN ('todo', 'running', 'undelivered', 'held')";

/**
 * The store on SQLite. One process writes, and for one scope at a time: between load and flush nothing
 * of a scope changes, so an image reads what is looked at when it is looked at. Hand-written SQL,
 * prepared once, because this is the hot path.
 */
export function sqliteStore(db: Db): Store {
  const { sqlite } = db;
  const one = <Row, Args extends (string | number | null)[]>(sql: string) => {
    const statement = sqlite.prepare<Row, SQLQueryBindings[]>(sql);
    return (...args: Args): Row | null => statement.get(...args);
  };
  const all = <Row, Args extends (string | number | null)[]>(sql: string) => {
    const statement = sqlite.prepare<Row, SQLQueryBindings[]>(sql);
    return (...args: Args): Row[] => statement.all(...args);
  };

  const later =
    <Args extends unknown[], Value>(read: (...args: Args) => Value) =>
    async (...args: Args): Promise<Value> =>
      read(...args);
  const allLater = <Row, Args extends (string | number | null)[]>(sql: string) =>
    later(all<Row, Args>(sql));

  const actor = one<ActorRow, [string]>("SELECT * FROM actors WHERE id = ?");
  const scopeFor = one<{ scope: string }, [string]>("SELECT scope FROM actors WHERE id = ?");
  // An actor never leaves its scope.
  const scopes = new BoundedMap<string, string>(KEPT_MAX);
  const outdated = all<ActorRow, [string, string, number]>(
    "SELECT * FROM actors WHERE machine = ? AND (version < ?2 OR version > ?2) LIMIT ?3",
  );
  const actorIds = all<{ id: string }, [string, number]>(
    "SELECT id FROM actors WHERE id > ? ORDER BY id LIMIT ?",
  );

  const revision = one<{ seq: number | null }, [string]>(
    "SELECT max(seq) AS seq FROM journal WHERE scope = ?",
  );
  const dedup = one<{ scope: string }, [string]>("SELECT scope FROM dedups WHERE key = ?");
  /** The last so many of an actor, and what of those before is needed to make them whole. */
  const journalTail = all<JournalRow, [string, number]>(
    `SELECT ${JOURNAL} FROM journal WHERE actor = ?1 AND rev >= coalesce(
       (SELECT rev FROM journal WHERE actor = ?1 AND snapshot IS NOT NULL
         AND rev <= (SELECT max(rev) FROM journal WHERE actor = ?1) - ?2 + 1
        ORDER BY rev DESC LIMIT 1), 0)
     ORDER BY rev`,
  );
  // One process writes: what it wrote last is what is there.
  const revisions = new BoundedMap<string, number>(KEPT_MAX);
  const revisionOf = (scope: string): number =>
    revisions.get(scope, () => revision(scope)?.seq ?? 0);

  const alarmsOf = all<AlarmRow, [string]>(`SELECT ${ALARM} FROM alarms WHERE actor = ?`);
  const dueAlarms = all<Scoped<AlarmRow>, [number, string, number]>(
    `SELECT ${ALARM}, scope FROM alarms JOIN actors ON actors.id = alarms.actor
     WHERE held_at IS NULL AND due <= ? AND scope NOT IN (SELECT value FROM json_each(?))
     ORDER BY due, actor, name LIMIT ?`,
  );
  const nextAlarm = one<{ due: number }, []>(
    "SELECT due FROM alarms WHERE held_at IS NULL ORDER BY due LIMIT 1",
  );

  const work = one<Scoped<OutboxRow>, [string]>(
    `SELECT ${OUTBOX}, ${SCOPE("outbox")} FROM outbox WHERE key = ?`,
  );
  const openWork = all<OutboxRow, [string]>(
    `SELECT ${OUTBOX} FROM outbox WHERE actor = ? AND ${OPEN} ORDER BY seq`,
  );
  const unfinishedWork = all<OutboxRow, [string]>(
    `SELECT ${OUTBOX} FROM outbox INDEXED BY outbox_open
     WHERE actor IN (SELECT id FROM actors WHERE scope = ?) AND ${OPEN}
       AND state IN ('todo', 'running')`,
  );
  const nextWork = one<Scoped<OutboxRow>, [string, number, string, string]>(
    `SELECT ${OUTBOX}, ${SCOPE("outbox")} FROM outbox
     WHERE state = 'todo' AND lane = ? AND next_at <= ?
       AND key NOT IN (SELECT value FROM json_each(?))
       AND (mutex IS NULL OR mutex NOT IN (SELECT value FROM json_each(?)))
     ORDER BY next_at, seq LIMIT 1`,
  );
  const dueWork = all<{ key: string }, [string, number]>(
    "SELECT key FROM outbox WHERE state = 'todo' AND lane = ? AND next_at <= ?",
  );
  const nextTodo = one<{ nextAt: number }, [string, number]>(
    `SELECT next_at AS nextAt FROM outbox WHERE state = 'todo' AND lane = ? AND next_at > ?
     ORDER BY next_at LIMIT 1`,
  );
  const openSources = all<{ src: string }, []>(
    `SELECT DISTINCT src FROM outbox INDEXED BY outbox_open WHERE ${OPEN}`,
  );
  const orphanedWork = all<{ key: string }, []>(
    `SELECT key FROM outbox INDEXED BY outbox_open
     LEFT JOIN actors ON actors.id = outbox.actor
     WHERE ${OPEN} AND json_type(snapshot, '$.children."' || invoke || '"') IS NULL`,
  );

  const flush = sqliteFlush(db);

  return {
    load: async (scope) =>
      ({
        revision: () => revisionOf(scope),
        actor,
        hasDedup: (key) => dedup(key) !== null,
        alarmsOf,
        work,
        openWork,
        unfinishedWork: () => unfinishedWork(scope),
      }) satisfies Image,
    async flush(unit) {
      const isWritten = await flush(unit);
      if (!isWritten) revisions.delete(unit.scope);
      else if (unit.revision !== null) revisions.set(unit.scope, unit.revision);
      return isWritten;
    },
    // 64 kB: more than what fits into a page that is there already.
    probe() {
      sqlite.transaction(() => {
        sqlite.run("CREATE TABLE IF NOT EXISTS disk_probe (room BLOB)");
        sqlite.run("INSERT INTO disk_probe VALUES (zeroblob(65536))");
      })();
      sqlite.run("DROP TABLE disk_probe");
    },

    scopeOf: async (id) => scopes.get(id, () => scopeFor(id)?.scope ?? null),
    actor: later(actor),
    outdated: later(outdated),
    actorIds: async (last, limit) => actorIds(last, limit).map(({ id }) => id),
    scopeActors: allLater("SELECT * FROM actors WHERE scope = ? ORDER BY id"),

    revision: later(revisionOf),
    actorJournal: allLater<JournalRow, [string]>(
      `SELECT ${JOURNAL} FROM journal WHERE actor = ? ORDER BY rev`,
    ),
    actorJournalTail: async (id, limit) => unfolded(journalTail(id, limit)).slice(-limit).reverse(),
    changedSince: allLater<Changed, [string, number, number]>(
      // Of a max, SQLite takes the other columns from its row.
      `SELECT actors.*, max(seq) AS seq, "by" FROM journal JOIN actors ON actors.id = journal.actor
       WHERE journal.scope = ? AND seq > ? GROUP BY actors.id ORDER BY max(seq) LIMIT ?`,
    ),

    alarmsOf: later(alarmsOf),
    dueAlarms: async (now, limit, except = []) => dueAlarms(now, JSON.stringify(except), limit),
    nextAlarm: async () => nextAlarm()?.due ?? null,
    heldAlarms: allLater<AlarmRow, []>(`SELECT ${ALARM} FROM alarms WHERE held_at IS NOT NULL`),

    work: later(work),
    openWork: later(openWork),
    nextWork: async (lane, now, running, mutexes) =>
      nextWork(lane, now, JSON.stringify(running), JSON.stringify(mutexes)),
    dueWork: async (lane, now) => dueWork(lane, now).map(({ key }) => key),
    nextTodo: async (lane, after = 0) => nextTodo(lane, after)?.nextAt ?? null,
    runningWork: allLater<Scoped<OutboxRow>, []>(
      `SELECT ${OUTBOX}, ${SCOPE("outbox")} FROM outbox INDEXED BY outbox_open
       WHERE state = 'running' AND ${OPEN}`,
    ),
    openSources: async () => openSources().map(({ src }) => src),
    orphanedWork: async () => orphanedWork().map(({ key }) => key),
    stuckWork: allLater<OutboxRow, []>(
      `SELECT ${OUTBOX} FROM outbox INDEXED BY outbox_open
       WHERE state IN ('undelivered', 'held') AND ${OPEN} ORDER BY seq`,
    ),
  };
}
