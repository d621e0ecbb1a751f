import type { Host } from "./host.ts";
import { CREATED, MIGRATED } from "./run.ts";
import { type Decision, deadlines, decide, decideFirst, hydrate } from "./xstate.ts";

/**
 * Folds an actor's journal again and compares: every stored snapshot must be what its event makes of
 * the one before, the actor must be its last snapshot, and its alarms that state's deadlines. Only
 * entries of the machine's present version can be folded; older ones are taken as they are.
 *
 * @returns what differs, in words; empty when all is proven.
 */
export function replayActor(host: Host, id: string): string[] {
  const { store } = host;
  const row = store.actor(id);
  if (!row) return [`${id}: no such actor`];
  const { machine } = host.registered(row.machine);
  const wrong: string[] = [];
  let before: string | null = null;
  let rev = -1;
  for (const entry of store.actorJournal(id)) {
    if (entry.rev !== rev + 1) wrong.push(`${id}#${entry.rev} follows #${rev}`);
    rev = entry.rev;
    const event = JSON.parse(entry.event) as { type: string; input?: unknown };
    if (entry.version === machine.version && event.type !== MIGRATED) {
      const after: Decision =
        event.type === CREATED
          ? decideFirst(machine, event.input, entry.at)
          : decide(machine, hydrate(machine, before ?? "null"), event, entry.at);
      if (after.snapshot !== entry.snapshot) wrong.push(`${id}#${rev} is not what its event makes`);
    }
    before = entry.snapshot;
  }
  if (rev !== row.rev || before !== row.snapshot)
    wrong.push(`${id} is not the snapshot of its last journal entry`);
  const due = deadlines(machine, hydrate(machine, row.snapshot));
  const armed = new Map(store.alarmsOf(id).map((alarm) => [alarm.name, alarm.due]));
  if (due.size !== armed.size || [...due].some(([name, at]) => armed.get(name) !== at))
    wrong.push(`${id}: its alarms are not its deadlines`);
  const open = new Set(store.openWork(id).map((work) => work.invoke));
  const children = Object.keys((JSON.parse(row.snapshot) as { children?: object }).children ?? {});
  if (open.size !== children.length || children.some((child) => !open.has(child)))
    wrong.push(`${id}: its open work is not what its state waits for`);
  return wrong;
}

/** Replays every actor. @returns how many were proven, and what differs. */
export function replayAll(host: Host): { actors: number; wrong: string[] } {
  const wrong: string[] = [];
  let actors = 0;
  for (let last = ""; ; ) {
    const ids = host.store.actorIds(last, 1000);
    for (const { id } of ids) wrong.push(...replayActor(host, id));
    actors += ids.length;
    last = ids.at(-1)?.id ?? "";
    if (ids.length < 1000) return { actors, wrong };
  }
}
