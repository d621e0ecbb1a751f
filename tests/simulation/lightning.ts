import { Refused, Unavailable } from "../../server/errors.ts";
import type { LookedUp, ReceivingWallet, Settlement } from "../../server/wallet/wallet.ts";
import type { Agenda } from "./agenda.ts";
import type { Random } from "./random.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A bolt11 as the network knows it. A payment is accepted once, and settles then or later. */
export type Payable = {
  hash: string;
  bolt11: string;
  /** The invoice of ours that its description names. */
  invoice: string;
  sats: number;
  issuedAt: number;
  expiresAt: number;
  /** Whether Berth has it. One whose answer was lost was never shown to anyone, and nobody pays it. */
  isShown: boolean;
  isAccepted: boolean;
  settledAt: number | null;
  settledSats: number;
  /** When our wallet last said that it was not settled. */
  deniedAt: number | null;
};

/** How often things go wrong on the way to our wallet. */
export type LightningFaults = {
  lost: number;
  refuses: number;
  lags: number;
  dropsNotification: number;
  slow: number;
};

/** The Lightning network, and on it the wallet that receives. */
export class Lightning implements ReceivingWallet {
  readonly pubkey = "a1".repeat(32);
  readonly payables = new Map<string, Payable>();
  readonly byInvoice = new Map<string, Payable[]>();
  isDown = false;
  faults: LightningFaults;
  #listeners = new Set<(settlement: Settlement) => void>();
  #count = 0;

  constructor(
    readonly agenda: Agenda,
    readonly random: Random,
    faults: LightningFaults,
    /** Lets what a notification caused come to its end. */
    readonly notified: () => Promise<unknown>,
    readonly onTrouble: () => void,
  ) {
    this.faults = faults;
  }

  async makeInvoice(ask: { amountSats: number; description: string; expirySeconds: number }) {
    this.#reach();
    if (this.random.chance(this.faults.refuses)) {
      this.onTrouble();
      throw new Refused("wallet_refused", "our wallet makes no invoices now");
    }
    const hash = (++this.#count).toString(16).padStart(64, "0");
    const now = this.agenda.now();
    const invoice = ask.description.split(" ").at(-1) ?? "";
    const payable: Payable = {
      hash,
      bolt11: `lnsim${this.#count}`,
      invoice,
      sats: ask.amountSats,
      issuedAt: now,
      expiresAt: now + ask.expirySeconds * 1000,
      isShown: false,
      isAccepted: false,
      settledAt: null,
      settledSats: 0,
      deniedAt: null,
    };
    this.payables.set(hash, payable);
    const known = this.byInvoice.get(invoice);
    if (known) known.push(payable);
    else this.byInvoice.set(invoice, [payable]);
    if (this.random.chance(this.faults.lost))
      throw new Unavailable("timeout", "the answer is lost");
    return { bolt11: payable.bolt11, paymentHash: hash, expiresAt: payable.expiresAt };
  }

  async lookup(paymentHash: string): Promise<LookedUp> {
    this.#reach();
    if (this.random.chance(this.faults.lost))
      throw new Unavailable("timeout", "the answer is lost");
    const payable = this.payables.get(paymentHash);
    const now = this.agenda.now();
    if (!payable) return { state: "unsettled", reason: "not_found" };
    if (payable.settledAt !== null) return { state: "settled", settlement: settlement(payable) };
    payable.deniedAt = now;
    if (now - payable.issuedAt < HOUR_MS && this.random.chance(this.faults.lags))
      return { state: "unsettled", reason: "not_found" };
    return { state: "unsettled", reason: now < payable.expiresAt ? "pending" : "expired" };
  }

  async *settledSince(fromMs: number): AsyncIterable<Settlement> {
    this.#reach();
    for (const payable of this.payables.values()) {
      if (payable.settledAt === null || payable.issuedAt < fromMs) continue;
      if (this.random.chance(this.faults.lost / 10))
        throw new Unavailable("timeout", "a page is lost");
      yield settlement(payable);
    }
  }

  onSettled(callback: (settlement: Settlement) => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  close(): void {
    this.#listeners.clear();
  }

  /**
   * Somebody pays. An accepted payment settles at once or, on a bad day, even after the bolt11 ended.
   * @param overSats - BOLT-4 lets a payer give more than was asked for.
   * @param slow - how likely it settles later.
   * @returns false where it cannot be paid (any more).
   */
  pay(payable: Payable, overSats = 0, slow = this.faults.slow): boolean {
    if (payable.isAccepted || this.agenda.now() >= payable.expiresAt) return false;
    payable.isAccepted = true;
    const settle = async () => {
      payable.settledAt = this.agenda.now();
      payable.settledSats = payable.sats + overSats;
      this.#notify(payable);
      await this.notified();
    };
    const delayMs = this.random.chance(slow) ? this.random.wait(DAY_MS / 2) : 0;
    this.agenda.in(delayMs, settle);
    return true;
  }

  payableOf(bolt11: string): Payable | undefined {
    for (const payable of this.payables.values()) if (payable.bolt11 === bolt11) return payable;
    return undefined;
  }

  /** Dropped, repeated, late and out of order. */
  #notify(payable: Payable): void {
    const { random, agenda, faults } = this;
    const say = async () => {
      if (this.isDown) return;
      for (const listener of this.#listeners) listener(settlement(payable));
      await this.notified();
    };
    while (!random.chance(faults.dropsNotification)) {
      agenda.in(random.chance(faults.slow) ? random.wait(DAY_MS) : 0, say);
      if (random.chance(0.8)) break;
    }
  }

  #reach(): void {
    if (this.isDown) throw new Unavailable("wallet_down", "our wallet does not answer");
  }
}

const settlement = (payable: Payable): Settlement => ({
  paymentHash: payable.hash,
  amountSats: payable.settledSats,
  settledAt: payable.settledAt ?? 0,
  preimage: null,
});
