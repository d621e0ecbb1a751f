import type { Network } from "./bolt11.ts";
import { isOfAnotherNetwork } from "./networks.ts";

/** What a wallet says of a connection to it, asked by NIP-47 get_info, get_budget and get_balance. */
export type WalletProbe = {
  /** NIP-47 methods that this connection may use. */
  methods: string[];
  /** What requests are sealed with: `nip44_v2` or `nip04`. */
  encryption: string;
  /** `mainnet`, `regtest`, …; null where the wallet does not say. */
  network: string | null;
  /** Null: without a limit, or none that the wallet tells of. */
  budget: {
    /** Whole sats; what is used is rounded up, what there is is rounded down. */
    totalSats: number | null;
    usedSats: number | null;
    /** Epoch ms; null: never, or the wallet does not say. */
    renewsAt: number | null;
    /** `daily`, `weekly`, `monthly`, `yearly`, `never`, … */
    renewal: string | null;
  } | null;
  balanceSats: number | null;
};

export type AdviceCode =
  | "wallet_cannot_pay"
  | "other_network"
  | "budget_too_low"
  | "more_than_needed";
export type WalletAdvice = {
  /** Why the connection is of no use. */
  refusals: AdviceCode[];
  /** `neededBudgetSats` is the whole budget that would do, per renewal of it. */
  warnings: { code: AdviceCode; neededBudgetSats?: number }[];
};

/**
 * What paying takes, and what looking does: none of these lets anybody move more money than pay_invoice
 * does under the connection's budget. Wallets grant `multi_pay_*` and `pay_keysend` together with
 * pay_invoice, so a warning of them could not be heeded. All else (make_invoice, sign_message,
 * create_connection, …) is more than is needed.
 */
const NEEDED = new Set([
  ...["pay_invoice", "pay_keysend", "multi_pay_invoice", "multi_pay_keysend"],
  ...["get_info", "get_budget", "get_balance", "lookup_invoice", "list_transactions"],
]);

/** One invoice a month takes all of a tenant's relays together. */
const PAYMENTS_PER_RENEWAL = new Map([["yearly", 12]]);

/**
 * Whether a connection will do for a monthly charge.
 * @param needed.monthlySats what a month costs now; 0 while nothing is charged
 * @param needed.network of the bolt11s that it is to pay
 */
export function walletAdvice(
  probe: WalletProbe,
  needed: { monthlySats: number; network: Network },
): WalletAdvice {
  const { methods, budget, network } = probe;
  const warnings: WalletAdvice["warnings"] = [];
  if (isOfAnotherNetwork(network, needed.network)) warnings.push({ code: "other_network" });
  const budgetSats = budgetFor(budget, needed.monthlySats);
  const totalSats = budget?.totalSats ?? Number.POSITIVE_INFINITY;
  if (needed.monthlySats > 0 && totalSats < budgetSats) {
    warnings.push({ code: "budget_too_low", neededBudgetSats: budgetSats });
  }
  if (methods.some((method) => !NEEDED.has(method))) warnings.push({ code: "more_than_needed" });
  return { refusals: methods.includes("pay_invoice") ? [] : ["wallet_cannot_pay"], warnings };
}

/** The monthly budget that a charge of so much takes, with what a wallet reserves for its fees. */
export const neededBudgetSats = (monthlySats: number): number =>
  monthlySats + feeReserveSats(monthlySats);

/** A budget that never renews must hold the next payment on top of what is used up already. */
function budgetFor(budget: WalletProbe["budget"], monthlySats: number): number {
  const paymentSats = neededBudgetSats(monthlySats);
  const used = budget?.renewal === "never" ? (budget.usedSats ?? 0) : 0;
  return used + paymentSats * (PAYMENTS_PER_RENEWAL.get(budget?.renewal ?? "") ?? 1);
}

/** What a wallet sets aside of the budget for routing one payment, as Alby Hub does: 1 %, at least 10 sats. */
function feeReserveSats(amountSats: number): number {
  return Math.max(Math.ceil(amountSats / 100), 10);
}
