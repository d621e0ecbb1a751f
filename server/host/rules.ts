import type { AnyStateMachine } from "xstate";
import type { Put } from "../../db/put.ts";
import type { Clock } from "../clock.ts";
import type { Effect } from "./effect.ts";
import type { Output, PersistedSnapshot } from "./xstate.ts";

/** A machine as the host runs it. `migrate` takes a stored snapshot of another version to this one. */
export type Registered = {
  machine: AnyStateMachine;
  tells: readonly string[];
  migrate?: (snapshot: PersistedSnapshot, fromVersion: string) => PersistedSnapshot;
};

/** One transition, for whoever derives rows from it. */
export type Change = {
  id: string;
  machine: string;
  scope: string;
  rev: number;
  at: number;
  snapshot: PersistedSnapshot;
  outputs: readonly Output[];
};

/** What of a host its runs need: the machines, what they set off, and the rows that follow from them. */
export interface Rules {
  readonly clock: Clock;
  readonly effects: Readonly<Record<string, Effect>>;
  /** @throws when no such machine is registered */
  registered(machine: string): Registered;
  project(change: Change): readonly Put[];
}
