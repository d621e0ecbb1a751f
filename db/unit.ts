import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { ActorRow, AlarmRow, Image, JournalRow, OutboxRow } from "./image.ts";
import { append, erase, type Put, patch, put, shapeOf } from "./put.ts";
import { actors, alarms, dedups, journal, outbox } from "./schema.ts";

/** An alarm that failed to fire, and why. */
export type Held = { actor: string; name: string; error: unknown };

/**
 * A unit of work: one scope as it was, and all that is to be written of it, together or not at all.
 * What is read shows what was written here before. Nothing reaches the database until it is flushed.
 */
export class Unit {
  readonly #image: Image;
  readonly #puts = new Map<string, Put>();
  readonly #actors = new Map<string, ActorRow>();
  readonly #alarms = new Map<string, AlarmRow[]>();
  readonly #work = new Map<string, OutboxRow>();
  readonly #dedups = new Map<string, true>();
  readonly #held: Held[] = [];
  #undo: (() => void)[] = [];
  #isKept = false;
  #seq: number | null = null;

  constructor(
    readonly scope: string,
    image: Image,
  ) {
    this.#image = image;
  }

  /** What is to be written, in the order in which it was first mentioned. */
  get puts(): readonly Put[] {
    return [...this.#puts.values()];
  }

  /** The revision of the scope that its last transition makes; null where it makes none. */
  get revision(): number | null {
    return this.#seq;
  }

  get isEmpty(): boolean {
    return this.#puts.size === 0;
  }

  /** Alarms that failed to fire in it. */
  get held(): readonly Held[] {
    return this.#held;
  }

  /** Runs `body`. Where it throws, nothing of it remains. */
  attempt<T>(body: () => T): T {
    const mark = this.#undo.length;
    const [seq, isKept] = [this.#seq, this.#isKept];
    this.#isKept = true;
    try {
      return body();
    } catch (error) {
      while (this.#undo.length > mark) this.#undo.pop()?.();
      this.#seq = seq;
      throw error;
    } finally {
      this.#isKept = isKept;
      if (!isKept) this.#undo.length = 0;
    }
  }

  // ---- what is read

  actor(id: string): ActorRow | null {
    return this.#actors.get(id) ?? this.#image.actor(id);
  }

  hasDedup(key: string): boolean {
    return this.#dedups.has(key) || this.#image.hasDedup(key);
  }

  alarmsOf(actor: string): AlarmRow[] {
    return this.#alarms.get(actor) ?? this.#image.alarmsOf(actor);
  }

  /** When the first of the alarms that were set here is due; Infinity where none was. */
  get earliestAlarm(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { table, how, row } of this.#puts.values())
      if (table === alarms && how === "put" && row.heldAt === null)
        earliest = Math.min(earliest, row.due as number);
    return earliest;
  }

  work(key: string): OutboxRow | null {
    return this.#work.get(key) ?? this.#image.work(key);
  }

  /** What of an actor's work is not over. */
  openWork(actor: string): OutboxRow[] {
    const before = this.#image.openWork(actor).filter(({ key }) => !this.#work.has(key));
    const here = [...this.#work.values()].filter((work) => work.actor === actor && isOpen(work));
    return [...before, ...here];
  }

  /** What of the whole scope's work is under way, or could be. */
  unfinishedWork(): OutboxRow[] {
    const before = this.#image.unfinishedWork().filter(({ key }) => !this.#work.has(key));
    const here = [...this.#work.values()].filter(isUnfinished);
    return [...before, ...here];
  }

  // ---- what is written

  createActor(row: ActorRow): void {
    this.#set(this.#actors, row.id, row);
    this.#set(this.#alarms, row.id, []);
    this.write(append(actors, row));
  }

  changeActor(id: string, change: Partial<ActorRow>): void {
    const row = this.actor(id);
    if (!row) throw new Error(`there is no ${id}`);
    this.#set(this.#actors, id, { ...row, ...change });
    this.write(patch(actors, { id, ...change }));
  }

  /** Each transition is a revision of the scope. */
  record(row: Omit<JournalRow, "scope" | "seq">): void {
    this.#seq ??= this.#image.revision();
    this.#seq++;
    this.write(append(journal, { ...row, scope: this.scope, seq: this.#seq }));
  }

  /** Takes an outside fact in, for ever. */
  remember(dedup: string): void {
    this.#set(this.#dedups, dedup, true);
    this.write(append(dedups, { key: dedup, scope: this.scope }));
  }

  /** Sets an alarm, or one that stands anew. */
  setAlarm(alarm: AlarmRow): void {
    const others = this.alarmsOf(alarm.actor).filter(({ name }) => name !== alarm.name);
    this.#set(this.#alarms, alarm.actor, [...others, alarm]);
    this.write(put(alarms, alarm));
  }

  deleteAlarm(actor: string, name: string): void {
    const left = this.alarmsOf(actor).filter((alarm) => alarm.name !== name);
    this.#set(this.#alarms, actor, left);
    this.write(erase(alarms, { actor, name }));
  }

  /** Holds an alarm that failed to fire, for the operator. */
  holdAlarm(alarm: AlarmRow, at: number, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.setAlarm({ ...alarm, heldAt: at, error: message });
    this.#held.push({ actor: alarm.actor, name: alarm.name, error });
    this.#undone(() => this.#held.pop());
  }

  startWork(row: OutboxRow): void {
    this.#set(this.#work, row.key, row);
    this.write(append(outbox, row));
  }

  changeWork(row: OutboxRow, change: Partial<OutboxRow>): void {
    this.#set(this.#work, row.key, { ...row, ...change });
    this.write(patch(outbox, { key: row.key, ...change }));
  }

  /** Writes a row of any table. Of several writes of one row, one is made. */
  write(next: Put): void {
    const name = this.#nameOf(next);
    const before = this.#puts.get(name);
    this.#set(this.#puts, name, before ? combined(before, next) : next);
  }

  #nameOf({ table, row }: Put): string {
    const { name, key } = shapeOf(table);
    let full = name;
    for (const property of key) full += `\0${row[property]}`;
    return full;
  }

  #set<K, V>(map: Map<K, V>, key: K, value: V): void {
    const before = map.get(key);
    map.set(key, value);
    this.#undone(() => (before === undefined ? map.delete(key) : map.set(key, before)));
  }

  /** Remembers how to take a step back, while anybody may want to. */
  #undone(back: () => void): void {
    if (this.#isKept) this.#undo.push(back);
  }
}

const isOpen = ({ state }: OutboxRow): boolean => state !== "done" && state !== "cancelled";

const isUnfinished = ({ state }: OutboxRow): boolean => state === "todo" || state === "running";

/** Two writes of one row as one. */
function combined(before: Put, next: Put): Put {
  if (next.how === "erase" || before.how === "erase")
    return next.how === "append" ? { ...next, how: "put" } : next;
  if (next.how === "append") throw new Error(`a row of ${nameOf(next.table)} is new twice`);
  if (next.how === "patch") return { ...before, row: { ...before.row, ...next.row } };
  const kept = (next.keep ?? []).flatMap((column) =>
    column in before.row ? [[column, before.row[column]] as const] : [],
  );
  const row = { ...next.row, ...Object.fromEntries(kept) };
  return before.how === "append" ? { ...before, row } : { ...next, row };
}

const nameOf = (table: SQLiteTable): string => shapeOf(table).name;
