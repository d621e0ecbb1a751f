/** A machine of the server's, shown: its snapshots are the server's, and it does nothing by itself. */
import { type ActorLogic, type AnyStateMachine, createActor, type SnapshotFrom } from "xstate";
import type { FeedEntry } from "../../../server/host/feed.ts";

/** The machine's own snapshot (`matches`, `hasTag`, `context`), and which revision it is. */
export type Replica<M extends AnyStateMachine> = SnapshotFrom<M> & { rev: number; at: number };

type ReplicaEvent = { type: "replica.snapshot"; entry: FeedEntry };

function logicOf<M extends AnyStateMachine>(machine: M) {
  const restore = ({ snapshot, rev, at }: FeedEntry): Replica<M> =>
    Object.assign(machine.resolveState(snapshot as Parameters<M["resolveState"]>[0]), {
      rev,
      at,
    }) as unknown as Replica<M>;
  return {
    // Inspectors show the definition by it.
    config: machine.config,
    transition: (now: Replica<M>, { entry }: ReplicaEvent) =>
      entry.rev > (now as { rev: number }).rev ? restore(entry) : now,
    getInitialSnapshot: (_: unknown, entry: FeedEntry) => restore(entry),
    getPersistedSnapshot: (snapshot: Replica<M>) => snapshot,
  } as unknown as ActorLogic<Replica<M>, ReplicaEvent, FeedEntry>;
}

/**
 * An actor that follows one of the server's. A revision that comes late or twice changes nothing.
 * @throws for a snapshot that this machine does not know
 */
export const createReplica = <M extends AnyStateMachine>(machine: M, entry: FeedEntry) =>
  createActor(logicOf(machine), { input: entry }).start();
