import { invoiceActor } from "../../machines/addresses.ts";
import { DAY_MS, GRACE_MS, HOUR_MS, RESERVATION_MS } from "../../machines/billing/calendar.ts";
import type { Bolt11, Mint } from "../../machines/invoice/context.ts";
import { Unavailable } from "../errors.ts";
import type { Effect } from "../host/effect.ts";
import type { ReceivingWallet } from "../wallet/wallet.ts";
import { mayConcernOne } from "../wallet/wallet-errors.ts";
import type { EffectParts } from "./parts.ts";

/** A bolt11 that lives shorter helps nobody. */
const EXPIRY_MIN_MS = 15 * 60_000;
/** Whole seconds, and the wallet's clock, must not end it before its invoice: another would follow. */
const EXPIRY_MARGIN_SECONDS = 5;

const policy = (parts: EffectParts) => ({
  lane: "wallet",
  timeoutMs: parts.walletTimeoutMs ?? 15_000,
  retry: "forever" as const,
  backoffCapMs: parts.backoffCapMs ?? 60_000,
});

function required(wallet: ReceivingWallet | null): ReceivingWallet {
  if (!wallet) throw new Unavailable("billing_not_configured", "no NWC_URL is set");
  return wallet;
}

/** Has our wallet issue a bolt11 that lasts as long as it is needed. */
export function mintBolt11(parts: EffectParts): Effect {
  return {
    ...policy(parts),
    mutex: ({ invoice }: { invoice: string }) => invoice,
    async run({ invoice, sats, lastsUntil, notFrom }: Mint, { signal }): Promise<Bolt11> {
      const wallet = required(parts.wallet);
      const now = parts.clock.now();
      // Its deadline says so to the invoice, which is then written anew.
      if (notFrom !== null && notFrom <= now) throw new NoAnswerYet("it_is_written_anew");
      const until = lastsUntil ?? now + RESERVATION_MS;
      const leftMs = Math.max(until, await graceIfIssued(parts, invoice, now)) - now;
      const expirySeconds =
        Math.ceil(Math.max(leftMs, EXPIRY_MIN_MS) / 1000) + EXPIRY_MARGIN_SECONDS;
      const description = `Berth invoice ${invoice}`;
      const asked = { amountSats: sats, description, expirySeconds };
      const issued = await wallet.makeInvoice(asked, signal).catch((error: unknown) => {
        throw mayConcernOne(error) ? new NoAnswerYet("wallet_cannot_issue_it", error.said) : error;
      });
      return { ...issued, sats, wallet: wallet.pubkey, issuedAt: now };
    },
  };
}

/**
 * When the grace of a renewal and a day would end if it is issued now. It may have been asked for long
 * ago, while our wallet did not answer; its days of grace begin only when it can be paid.
 */
async function graceIfIssued(
  { read }: Pick<EffectParts, "read">,
  invoice: string,
  now: number,
): Promise<number> {
  const c = (await read(invoiceActor(invoice)))?.persisted.context;
  return c?.purpose === "renewal" ? now + GRACE_MS + DAY_MS : 0;
}

type NoAnswer =
  | "it_is_written_anew"
  | "wallet_does_not_know_it_yet"
  | "issued_by_another_wallet"
  | "wallet_cannot_tell"
  | "wallet_cannot_issue_it";

/**
 * There is no answer to be had now: a fresh bolt11 that the wallet does not know may be lag, one that
 * another wallet issued is not ours to ask about, and of some a wallet cannot tell. Concerns this invoice
 * alone.
 */
export class NoAnswerYet extends Error {
  override readonly name = "NoAnswerYet";
  /** @param said for the operator: what the wallet answered */
  constructor(
    readonly code: NoAnswer,
    readonly said: string | null = null,
  ) {
    super(code);
  }
}

/**
 * Asks our wallet whether anything was paid on an invoice. A settlement is reported before the answer
 * is given, so that a true answer finds its state already left. One bolt11 that it cannot tell about
 * leaves the answer open, but every other is asked about.
 *
 * @throws {NoAnswerYet} nothing was paid as far as it can tell, which is not all
 */
export async function askAbout(
  parts: Pick<EffectParts, "queries" | "wallet" | "clock" | "report">,
  invoice: string,
  signal: AbortSignal,
): Promise<{ settled: boolean }> {
  let settled = false;
  let unanswered: NoAnswerYet | null = null;
  for (const issued of await parts.queries.invoices.bolt11sOf(invoice)) {
    if (issued.settledAt !== null) continue;
    const wallet = required(parts.wallet);
    if (issued.wallet !== wallet.pubkey) {
      unanswered = new NoAnswerYet("issued_by_another_wallet");
      continue;
    }
    const answer = await wallet.lookup(issued.paymentHash, signal).catch((error: unknown) => {
      if (!mayConcernOne(error)) throw error;
      return new NoAnswerYet("wallet_cannot_tell", error.said);
    });
    if (answer instanceof NoAnswerYet) {
      unanswered = answer;
    } else if (answer.state === "settled") {
      await parts.report(answer.settlement);
      settled = true;
    } else if (
      answer.reason === "not_found" &&
      parts.clock.now() - issued.issuedAt * 1000 < HOUR_MS
    ) {
      unanswered = new NoAnswerYet("wallet_does_not_know_it_yet");
    }
  }
  if (unanswered && !settled) throw unanswered;
  return { settled };
}

/** The question before a deadline takes effect. */
export function askWallet(parts: EffectParts): Effect {
  return {
    ...policy(parts),
    mutex: ({ invoice }: { invoice: string }) => invoice,
    run: ({ invoice }: { invoice: string }, { signal }) => askAbout(parts, invoice, signal),
  };
}
