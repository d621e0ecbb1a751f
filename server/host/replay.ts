import { differenceOf, sortedJson, unfold } from "../../db/patch.ts";
import type { Host } from "./host.ts";
import { CREATED, FOLDED, MIGRATED } from "./run.ts";
import {
  awaited,
  type Decision,
  deadlines,
  decide,
  decideFirst,
  hydrate,
  type PersistedSnapshot,
  restore,
} from "./xstate.ts";

/**
 * Folds an actor's journal again and compares: every stored snapshot or patch must be what its event makes of
 * the snapshot before, the actor must be its last snapshot, and its alarms that state's deadlines. Only
 * entries of the machine's present version can be folded; older ones are taken as they are.
 *
 * @returns what differs, in words; empty when all is proven.
 */
export async function replayActor(host: Host, id: string): Promise<string[]> {
  const row = await host.store.actor(id);
  if (!row) return [`${id}: no such actor`];
  const { machine } = host.registered(row.machine);
  const wrong: string[] = [];
  /** What cannot even be read differs too, and must not hide the rest. */
  const prove = (what: string, isTrue: () => boolean): void => {
    try {
      if (!isTrue()) wrong.push(what);
    } catch (error) {
      wrong.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };

  const journal = await host.store.actorJournal(id);
  /** The snapshot after the entry before, as far as it is known. */
  let before: object | undefined;
  const first = journal[0];
  // What is folded begins where it was folded.
  const from = first && typeOf(first) === FOLDED ? first.rev : 0;
  for (const [index, entry] of journal.entries()) {
    const { rev, at, version, event, snapshot, patch } = entry;
    const base = before;
    prove(`${id}#${rev} does not follow #${rev - 1}`, () => rev === from + index);
    prove(`${id}#${rev} is not what its event makes`, () => {
      before = undefined;
      before = unfold(base, entry);
      const happened = JSON.parse(event) as { type: string; input?: unknown };
      if (version !== machine.version || [MIGRATED, FOLDED].includes(happened.type)) return true;
      const after: Decision =
        happened.type === CREATED
          ? decideFirst(machine, happened.input, at)
          : decide(machine, restore(machine, (base ?? null) as PersistedSnapshot), happened, at);
      if (patch === null || !base) return snapshot !== null && isSame(after.persisted, snapshot);
      return isSame(differenceOf(base, after.persisted), patch);
    });
  }
  const last = journal.at(-1);
  const armed = await host.store.alarmsOf(id);
  const work = await host.store.openWork(id);
  prove(
    `${id} is not the snapshot of its last journal entry`,
    () => last?.rev === row.rev && last.at === row.at && isSame(before, row.snapshot),
  );
  prove(`${id}: its alarms are not its deadlines`, () => {
    const due = deadlines(machine, hydrate(machine, row.snapshot));
    return due.size === armed.length && armed.every((alarm) => due.get(alarm.name) === alarm.due);
  });
  prove(`${id}: its open work is not what its state waits for`, () => {
    const name = ({ invoke, src }: { invoke: string; src: string }) => `${invoke} ${src}`;
    const open = work.map(name).sort();
    return open.join() === awaited(row.snapshot).map(name).sort().join();
  });
  return wrong;
}

/** Replays every actor. @returns how many were proven, and what differs. */
export async function replayAll(host: Host): Promise<{ actors: number; wrong: string[] }> {
  const wrong: string[] = [];
  let actors = 0;
  for (let last = ""; ; ) {
    const ids = await host.store.actorIds(last, 1000);
    for (const id of ids) wrong.push(...(await replayActor(host, id)));
    actors += ids.length;
    last = ids.at(-1) ?? "";
    if (ids.length < 1000) return { actors, wrong };
  }
}

const typeOf = ({ event }: { event: string }): string =>
  (JSON.parse(event) as { type: string }).type;

/** Whether a value is what a JSON text says, in whatever order its keys stand. */
const isSame = (value: unknown, json: string): boolean =>
  sortedJson(value) === sortedJson(JSON.parse(json));
