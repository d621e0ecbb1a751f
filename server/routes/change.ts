import { invoiceActor, tenantActor } from "../../machines/addresses.ts";
import type { CommandParts } from "../commands/index.ts";
import type { Host } from "../host/host.ts";

/**
 * Waits until `isThere` holds, looking after each commit that changes `actor`.
 * @returns whether it does, after at most `waitMs` of real time.
 */
async function changeOf(
  host: Host,
  actor: string,
  isThere: () => Promise<boolean>,
  waitMs: number,
): Promise<boolean> {
  let next = Promise.withResolvers<void>();
  // Listens before it looks: what changes in between is looked at again.
  const unsubscribe = host.onCommit(({ actors }) => {
    if (actors.some(({ id }) => id === actor)) next.resolve();
  });
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
    next.resolve();
  }, waitMs);
  try {
    for (;;) {
      next = Promise.withResolvers<void>();
      if (await isThere()) return true;
      if (isOver) return false;
      await next.promise;
    }
  } finally {
    clearTimeout(timer);
    unsubscribe();
  }
}

/** A bolt11 usually takes 30 ms: worth waiting for, so that the checkout opens with its QR code. */
const BOLT11_WAIT_MS = 1_500;

/** Waits a moment until a pending relay's invoice has made room for that of another plan. */
export function untilReplaced({ host }: Pick<CommandParts, "host">, tenant: string, relay: string) {
  const isReplaced = async () => {
    const till = (await host.read(tenantActor(tenant)))?.persisted.context;
    return !till?.seats[relay]?.instead;
  };
  return changeOf(host, tenantActor(tenant), isReplaced, BOLT11_WAIT_MS);
}

/** Waits a moment until an invoice can be paid, or need not be any more. */
export function untilIssued(
  { host, queries, clock }: Pick<CommandParts, "host" | "queries" | "clock">,
  id: string,
): Promise<boolean> {
  const isIssued = async () => {
    const row = await queries.invoices.get(id);
    return row?.status !== "pending" || (row.expiresAt ?? 0) * 1000 > clock.now();
  };
  return changeOf(host, invoiceActor(id), isIssued, BOLT11_WAIT_MS);
}
