import { Refused } from "../errors.ts";
import { log } from "../log.ts";
import type { Network } from "./bolt11.ts";
import { isOfAnotherNetwork, NETWORK_NAMES } from "./networks.ts";
import type { NwcWallet } from "./nwc.ts";
import type { IssuedBolt11 } from "./wallet.ts";
import type { WalletFacts } from "./wallet-facts.ts";

type Ask = { amountSats: number; description: string; expirySeconds: number };

/** What is wrong with our wallet as a whole; `said` in its words, `since` epoch ms. */
export type WalletTrouble = {
  code: "bolt11_mismatch" | "wallet_other_network";
  since: number;
  said: string;
};
/** What our wallet should do better, though Berth works without. */
export type WalletWarning = "can_pay" | "no_lists" | "no_notifications";

/** Asked of a wallet that was at fault in a former life of this process. */
const TRIAL: Ask = { amountSats: 1_000, description: "", expirySeconds: 8 * 86_400 };
const TRIAL_DESCRIPTION = "Berth: a trial, not to be paid";

/**
 * What is known of our wallet. After a bolt11 that is not what was asked for, nothing paid is to be sold:
 * it would wait for an operator. A trial is made from time to time until one is right again.
 */
export class WalletPulse {
  #mismatch: WalletTrouble | null = null;
  #otherNetwork: WalletTrouble | null = null;
  #trial: ReturnType<typeof setInterval> | undefined;
  #asked = TRIAL;
  #changed: () => void = () => {};
  readonly #stop = new AbortController();
  /** What it said of itself; null until it has. */
  facts: WalletFacts | null = null;

  /** @param o.trialMs real time between two trials */
  constructor(
    readonly o: { wallet: NwcWallet; network: Network; now: () => number; trialMs?: number },
  ) {}

  /** The same wallet; what it issues is looked at. */
  get wallet(): NwcWallet {
    const { wallet } = this.o;
    return { ...wallet, makeInvoice: (ask, signal) => this.#make(ask, signal) };
  }

  /** Null where paid orders can be taken. */
  trouble(): WalletTrouble | null {
    return this.#otherNetwork ?? this.#mismatch;
  }

  onChange(changed: () => void): void {
    this.#changed = changed;
  }

  /** It issued what was not asked for, also in a former life of this process. @param said what was */
  suspect(said: string): void {
    const isNews = this.#mismatch === null;
    this.#mismatch = {
      code: "bolt11_mismatch",
      since: this.#mismatch?.since ?? this.o.now(),
      said,
    };
    if (isNews) this.#changed();
    this.#trial ??= setInterval(() => void this.#try(), this.o.trialMs ?? 60_000);
    this.#trial.unref();
  }

  /** Takes in what the wallet says of itself. @returns what should be better */
  learn(facts: WalletFacts): WalletWarning[] {
    this.facts = facts;
    const isOther = isOfAnotherNetwork(facts.network, this.o.network);
    this.#otherNetwork = isOther
      ? {
          code: "wallet_other_network",
          since: this.#otherNetwork?.since ?? this.o.now(),
          said: `${facts.network}, wanted ${NETWORK_NAMES[this.o.network][0]}`,
        }
      : null;
    this.#changed();
    return warningsOf(facts);
  }

  close(): void {
    clearInterval(this.#trial);
    this.#stop.abort();
  }

  async #make(ask: Ask, signal: AbortSignal): Promise<IssuedBolt11> {
    try {
      const issued = await this.o.wallet.makeInvoice(ask, signal);
      this.#isWell();
      return issued;
    } catch (error) {
      if (error instanceof Refused && error.code === "bolt11_mismatch") {
        const said = error.said ?? "";
        if (said !== this.#mismatch?.said)
          log("warn", "our wallet's bolt11 is not what was asked for", { said });
        this.#asked = ask;
        this.suspect(said);
      }
      throw error;
    }
  }

  #isWell(): void {
    if (this.#mismatch === null) return;
    this.#mismatch = null;
    clearInterval(this.#trial);
    this.#trial = undefined;
    this.#changed();
  }

  async #try(): Promise<void> {
    const ask = { ...this.#asked, description: TRIAL_DESCRIPTION };
    await this.#make(ask, this.#stop.signal).catch(() => {});
  }
}

/** What a wallet that receives should do better. */
function warningsOf({ methods, notifications }: WalletFacts): WalletWarning[] {
  const isKnown = methods.length > 0;
  return [
    ...(methods.some((method) => /^(multi_)?pay_/.test(method)) ? ["can_pay" as const] : []),
    ...(isKnown && !methods.includes("list_transactions") ? ["no_lists" as const] : []),
    ...(notifications.includes("payment_received") ? [] : ["no_notifications" as const]),
  ];
}

/** What each means to the operator. */
export const WALLET_WARNINGS: Record<WalletWarning, string> = {
  can_pay: "NWC_URL can pay: give Berth a connection that can only receive",
  no_lists:
    "The wallet of NWC_URL lists no transactions: late payments are found by asking about each invoice, which takes longer with many",
  no_notifications:
    "The wallet of NWC_URL tells of no payments: each is found by asking, within a minute in an invoice's first hour and within ten minutes after",
};
