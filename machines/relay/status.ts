/** Where a relay is in its life, as its machine says it: a state that is renamed is renamed for all. */
import type { StateValueFrom } from "xstate";
import { pathOf, statusOf } from "../describe.ts";
import type { Cause } from "./context.ts";
import { relayMachine } from "./machine.ts";

type Value = Extract<StateValueFrom<typeof relayMachine>, { status?: unknown }>;
type Status = NonNullable<Value["status"]>;
/** The names of those with states within, and the states within one of them. */
type Outer<V> = V extends object ? keyof V & string : never;
type Inner<V, K> = V extends object
  ? K extends keyof V
    ? Extract<NonNullable<V[K]>, string>
    : never
  : never;
type Nested = { [K in Outer<Status>]: `${K}.${Inner<Status, K>}` }[Outer<Status>];
type Path = Exclude<Extract<Status, string>, Outer<Status>> | Nested;

/** In passing: left in the transition that enters them. */
type Passing = "deciding" | "returning";
/** A relay's `status`. */
export type RelayStatus = Exclude<Extract<Status, string>, Passing>;
/** The same with the state within: `grace.counting`, `active`. */
export type RelayPath = Exclude<Path, Passing>;

export const relayStatusOf = (value: unknown): RelayStatus => statusOf(value) as RelayStatus;

export const relayPathOf = (value: unknown): RelayPath =>
  pathOf(relayMachine, value)
    .map(({ key }) => key)
    .join(".") as RelayPath;

/** Why a relay is suspended or deactivated; null where it is neither. */
export const causeOf = (value: unknown): Cause | null =>
  (pathOf(relayMachine, value).at(-1)?.meta as { cause?: Cause } | undefined)?.cause ?? null;
