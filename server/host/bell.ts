import { journal, outbox } from "../../db/schema.ts";
import type { Held, Unit } from "../../db/unit.ts";

/** What a unit changed, rung once it is written. */
export type Bell = {
  scope: string;
  /** Every revision of an actor that it made. */
  actors: { id: string; rev: number }[];
  /** Keys of work whose state was left. */
  cancelled: string[];
  /** Alarms that failed to fire, and why. */
  held: readonly Held[];
  /** Lanes in which there is new work. */
  started: Set<string>;
  /** When the earliest of the alarms that were set is due; Infinity where none was. */
  earliestAlarm: number;
};

/** What is to be told of a unit: all of it stands in what it writes. */
export function bellOf(unit: Unit): Bell {
  const { scope, held, earliestAlarm } = unit;
  const bell: Bell = {
    scope,
    actors: [],
    cancelled: [],
    held,
    started: new Set(),
    earliestAlarm,
  };
  for (const { table, how, row } of unit.puts) {
    if (table === journal) bell.actors.push({ id: row.actor as string, rev: row.rev as number });
    if (table !== outbox) continue;
    if (row.state === "cancelled") bell.cancelled.push(row.key as string);
    // New work, and such as the operator released.
    const isNew = how === "append" || row.deaths === 0;
    // What is changed of a row names no lane; the unit has the whole of it.
    const lane = unit.work(row.key as string)?.lane;
    if (row.state === "todo" && isNew && lane !== undefined) bell.started.add(lane);
  }
  return bell;
}
