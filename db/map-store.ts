import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { ActorRow, AlarmRow, Image, JournalRow, OutboxRow } from "./image.ts";
import { unfolded } from "./patch.ts";
import { type Put, shapeOf } from "./put.ts";
import { actors, alarms, dedups, journal, outbox } from "./schema.ts";
import { type Store, UniqueViolation } from "./store.ts";

type Row = Put["row"];

/** A store in memory: for what is never to be written, and for tests that need no database. */
export type MapStore = Store & {
  /** Writes rows at once, as a flush would. */
  fill(puts: readonly Put[]): void;
  rows<T extends SQLiteTable>(table: T): T["$inferSelect"][];
};

const isOpen = ({ state }: OutboxRow): boolean => state !== "done" && state !== "cancelled";
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byDue = (a: AlarmRow, b: AlarmRow): number =>
  a.due - b.due || byText(a.actor, b.actor) || byText(a.name, b.name);

export function mapStore(): MapStore {
  const tables = new Map<SQLiteTable, Map<string, Row>>();
  const revisions = new Map<string, number>();
  let count = 0;
  const tableOf = (table: SQLiteTable): Map<string, Row> => {
    const known = tables.get(table) ?? new Map<string, Row>();
    tables.set(table, known);
    return known;
  };
  const rows = <T extends SQLiteTable>(table: T): T["$inferSelect"][] => [
    ...(tableOf(table).values() as Iterable<T["$inferSelect"]>),
  ];
  const row = <T extends SQLiteTable>(table: T, ...key: string[]): T["$inferSelect"] | null =>
    (tableOf(table).get(key.join("\0")) as T["$inferSelect"] | undefined) ?? null;

  function complete(put: Put): Row {
    const { columns, counted } = shapeOf(put.table);
    const empty = Object.fromEntries(columns.map(({ property }) => [property, null]));
    return { ...empty, ...put.row, ...(counted === null ? {} : { [counted]: ++count }) };
  }

  /** The first of them that says of something taken that it is new. */
  const takenOf = (puts: readonly Put[]): Put | undefined =>
    puts.find((put) => put.how === "append" && tableOf(put.table).has(idOf(put)));

  function fill(puts: readonly Put[]): void {
    const taken = takenOf(puts);
    if (taken) throw new UniqueViolation(`${shapeOf(taken.table).name} ${idOf(taken)}`);
    for (const put of puts) write(put);
  }

  function write(put: Put): void {
    const table = tableOf(put.table);
    const id = idOf(put);
    const before = table.get(id);
    if (put.table === journal) revisions.set(put.row.scope as string, put.row.seq as number);
    if (put.how === "erase") table.delete(id);
    else if (put.how === "patch") before && table.set(id, { ...before, ...put.row });
    else {
      const kept = before ? (put.keep ?? []).map((column) => [column, before[column]]) : [];
      table.set(id, { ...complete(put), ...Object.fromEntries(kept) });
    }
  }

  const actor = (id: string): ActorRow | null => row(actors, id);
  const scopeOf = (id: string): string => actor(id)?.scope ?? "";
  const journalOf = (isWanted: (entry: JournalRow) => boolean): JournalRow[] =>
    rows(journal).filter(isWanted);
  const revision = (scope: string): number => revisions.get(scope) ?? 0;
  const actorJournal = (id: string): JournalRow[] =>
    journalOf((entry) => entry.actor === id).sort((a, b) => a.rev - b.rev);
  const alarmsOf = (id: string): AlarmRow[] => rows(alarms).filter((alarm) => alarm.actor === id);
  const armed = (): AlarmRow[] => rows(alarms).filter(({ heldAt }) => heldAt === null);
  const allWork = (): OutboxRow[] => [...(tableOf(outbox).values() as Iterable<OutboxRow>)];
  const workOf = (key: string): OutboxRow | null => row(outbox, key);
  const openWork = (id: string): OutboxRow[] =>
    allWork().filter((work) => work.actor === id && isOpen(work));
  const scoped = <R extends { actor: string }>(found: R) => ({
    ...found,
    scope: scopeOf(found.actor),
  });
  const todo = (lane: string): OutboxRow[] =>
    allWork()
      .filter((work) => work.state === "todo" && work.lane === lane)
      .sort((a, b) => a.nextAt - b.nextAt);

  return {
    fill,
    rows,
    load: async (scope) =>
      ({
        revision: () => revision(scope),
        actor,
        hasDedup: (key) => row(dedups, key) !== null,
        alarmsOf,
        work: workOf,
        openWork,
        unfinishedWork: () =>
          allWork().filter(
            ({ actor, state }) =>
              scopeOf(actor) === scope && (state === "todo" || state === "running"),
          ),
      }) satisfies Image,
    async flush({ puts }) {
      // The scope has such a revision already: somebody else was first.
      if (takenOf(puts)?.table === journal) return false;
      fill(puts);
      return true;
    },

    probe() {},
    scopeOf: async (id) => actor(id)?.scope ?? null,
    actor: async (id) => actor(id),
    outdated: async (machine, version, limit) =>
      rows(actors)
        .filter((found) => found.machine === machine && found.version !== version)
        .slice(0, limit),
    actorIds: async (last, limit) =>
      rows(actors)
        .map(({ id }) => id)
        .filter((id) => id > last)
        .sort(byText)
        .slice(0, limit),
    scopeActors: async (scope) =>
      rows(actors)
        .filter((found) => found.scope === scope)
        .sort((a, b) => byText(a.id, b.id)),

    revision: async (id) => revision(id),
    actorJournal: async (id) => actorJournal(id),
    actorJournalTail: async (id, limit) => unfolded(actorJournal(id)).reverse().slice(0, limit),
    changedSince: async (scope, after, limit) => {
      const entries = journalOf((entry) => entry.scope === scope && entry.seq > after);
      const last = new Map(
        entries.sort((a, b) => a.seq - b.seq).map((entry) => [entry.actor, entry]),
      );
      return [...last.values()]
        .sort((a, b) => a.seq - b.seq)
        .slice(0, limit)
        .flatMap(({ actor: id, seq, by }) => {
          const found = actor(id);
          return found ? [{ ...found, seq, by }] : [];
        });
    },

    alarmsOf: async (id) => alarmsOf(id),
    dueAlarms: async (now, limit, except = []) =>
      armed()
        .filter(({ due }) => due <= now)
        .map(scoped)
        .filter(({ scope }) => !except.includes(scope))
        .sort(byDue)
        .slice(0, limit),
    nextAlarm: async () => armed().sort(byDue)[0]?.due ?? null,
    heldAlarms: async () => rows(alarms).filter(({ heldAt }) => heldAt !== null),

    async work(key) {
      const found = workOf(key);
      return found && scoped(found);
    },
    openWork: async (id) => openWork(id),
    async nextWork(lane, now, running, mutexes) {
      const found = todo(lane).find(
        ({ key, mutex, nextAt }) =>
          nextAt <= now && !running.includes(key) && (mutex === null || !mutexes.includes(mutex)),
      );
      return found ? scoped(found) : null;
    },
    dueWork: async (lane, now) =>
      todo(lane)
        .filter(({ nextAt }) => nextAt <= now)
        .map(({ key }) => key),
    nextTodo: async (lane, after = 0) =>
      todo(lane).find(({ nextAt }) => nextAt > after)?.nextAt ?? null,
    runningWork: async () =>
      allWork()
        .filter(({ state }) => state === "running")
        .map(scoped),
    openSources: async () => [
      ...new Set(
        allWork()
          .filter(isOpen)
          .map(({ src }) => src),
      ),
    ],
    orphanedWork: async () =>
      allWork()
        .filter((work) => isOpen(work) && !waitsFor(actor(work.actor), work.invoke))
        .map(({ key }) => key),
    stuckWork: async () =>
      allWork().filter(({ state }) => state === "undelivered" || state === "held"),
  };
}

const idOf = ({ table, row }: Put): string =>
  shapeOf(table)
    .key.map((property) => row[property])
    .join("\0");

function waitsFor(found: ActorRow | null, invoke: string): boolean {
  if (!found) return false;
  const { children } = JSON.parse(found.snapshot) as { children?: Record<string, unknown> };
  return children?.[invoke] !== undefined;
}
