/** What of an actor the operator should know of: a state says so by its `meta`. */
import type { AnyMachineSnapshot } from "xstate";

/** By the words that page, API and queue go by. */
export type Attention = "late_relay" | "stuck_relay" | "blocked_invoice" | "stuck_community";

/** The innermost that a snapshot is in; null where there is nothing to see to. */
export function attentionOf(snapshot: Pick<AnyMachineSnapshot, "getMeta">): Attention | null {
  const metas = Object.values(snapshot.getMeta() as Record<string, { attention?: Attention }>);
  return metas.findLast((meta) => meta?.attention)?.attention ?? null;
}
