import type { WalletProbe } from "./payer-advice.ts";

/** A NIP-47 result as wallets really send it: any field may be missing or of another type. */
type Result = Record<string, unknown>;

/** What pay_invoice brought. The preimage is not compared with anything: the payer's wallet proves nothing. */
export function paymentOf({ preimage, fees_paid: feesMsats }: Result): {
  preimage: string | null;
  feesSats: number | null;
} {
  return {
    preimage: /^[0-9a-f]{64}$/i.test(String(preimage)) ? String(preimage).toLowerCase() : null,
    feesSats: satsOf(feesMsats, Math.ceil),
  };
}

/** What get_budget (Alby's extension of NIP-47) brought; empty where there is no budget. */
export function budgetOf(result: Result | null): WalletProbe["budget"] {
  if (!result || !("total_budget" in result)) return null;
  const { renews_at: renewsAtSeconds } = result;
  return {
    totalSats: satsOf(result.total_budget, Math.floor),
    usedSats: satsOf(result.used_budget, Math.ceil),
    renewsAt: isTime(renewsAtSeconds) ? renewsAtSeconds * 1_000 : null,
    renewal: wordOf(result.renewal_period),
  };
}

/** Whole sats of a wallet's msats; null if these are none. */
export function satsOf(msats: unknown, round: (sats: number) => number): number | null {
  return Number.isSafeInteger(msats) && Number(msats) >= 0 ? round(Number(msats) / 1_000) : null;
}

/** A single word, in lower case; null for anything else. */
export function wordOf(said: unknown): string | null {
  return typeof said === "string" && /^[a-z]{1,20}$/i.test(said) ? said.toLowerCase() : null;
}

/** Whole seconds until the year 5138; what is beyond was not meant as seconds. */
function isTime(seconds: unknown): seconds is number {
  return Number.isSafeInteger(seconds) && Number(seconds) > 0 && Number(seconds) < 1e11;
}
