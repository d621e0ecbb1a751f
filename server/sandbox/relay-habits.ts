import type { Event } from "nostr-tools/core";
import type { Filter } from "nostr-tools/filter";
import { isEphemeralKind } from "nostr-tools/kinds";

/**
 * How relays that exist differ from one another.
 *
 * `demands_proof`: serves only who has answered its challenge (NIP-42). `proof_without_ok`: gives no OK
 * to the answer. `proof_by_hint`: challenges who asks, and has nothing for them until then, instead of
 * saying auth-required. `address_without_slash`: takes a proof for its address without a slash alone.
 * `no_ok_for_ephemeral`: gives no OK to kinds 20000–29999. `filter_needs_p`: refuses filters without
 * `#p`, but for stored kinds. `knows_no_e`: filters with `#e` match nothing. `dated_now`: refuses events
 * that are dated more than 15 minutes ago, or ahead.
 */
export type RelayHabit =
  | "demands_proof"
  | "proof_without_ok"
  | "proof_by_hint"
  | "address_without_slash"
  | "no_ok_for_ephemeral"
  | "filter_needs_p"
  | "knows_no_e"
  | "dated_now";
type Habits = ReadonlySet<RelayHabit>;

const DATED_NOW_SECONDS = 900;
const DEMANDING: RelayHabit[] = [
  ...(["demands_proof", "proof_without_ok", "proof_by_hint", "address_without_slash"] as const),
];

export const demandsProof = (habits: Habits): boolean =>
  DEMANDING.some((habit) => habits.has(habit));

/** Whether an answer to a challenge (kind 22242, its signature verified) counts. */
export function isProof(
  { kind, tags }: Event,
  { challenge, url, habits }: { challenge: string; url: string; habits: Habits },
): boolean {
  const said = new Map(tags.map(([name, value]) => [name, value ?? ""]));
  const address = said.get("relay") ?? "";
  const isOurs = habits.has("address_without_slash")
    ? address === url
    : address.replace(/\/$/, "") === url;
  return kind === 22_242 && said.get("challenge") === challenge && isOurs;
}

/** Why a filter is refused; null where it is not. */
export function filterRefusal(filters: Filter[], habits: Habits): string | null {
  const isOfEphemeral = ({ kinds = [] }: Filter) => kinds.some(isEphemeralKind);
  const lacksP = filters.some((filter) => isOfEphemeral(filter) && !filter["#p"]);
  return habits.has("filter_needs_p") && lacksP ? "error: the filter needs #p" : null;
}

/** Filters as this relay understands them. */
export const understood = (filters: Filter[], habits: Habits): Filter[] =>
  habits.has("knows_no_e") ? filters.filter((filter) => !filter["#e"]) : filters;

/** Why an event is refused; null where it is not. */
export function eventRefusal({ created_at }: Event, habits: Habits): string | null {
  const isOff = Math.abs(Date.now() / 1_000 - created_at) > DATED_NOW_SECONDS;
  return habits.has("dated_now") && isOff ? "invalid: timestamp is too far from now" : null;
}

/** Whether an event that was taken is answered with OK. */
export const saysOk = ({ kind }: Event, habits: Habits): boolean =>
  !(habits.has("no_ok_for_ephemeral") && isEphemeralKind(kind));
