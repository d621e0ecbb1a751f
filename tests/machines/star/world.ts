/** What lies outside the machines, for the star: our wallet, the tenant's, zooid, inboxes, and time. */

import { invoiceActor, relayActor } from "../../../machines/addresses.ts";
import { DAY_MS } from "../../../machines/billing/calendar.ts";
import type { InvoiceContext } from "../../../machines/invoice/context.ts";
import type { RelayContext } from "../../../machines/relay/context.ts";
import { doneEvent, errorEvent } from "../../../server/host/xstate.ts";
import { applied, bolt11, settled, T0, TENANT } from "../build.ts";
import type { Random } from "../random.ts";
import { Star, type Work } from "./star.ts";

/** A bolt11 as our wallet knows it. Money may have arrived of which nobody was told yet. */
export type Issued = {
  n: number;
  invoice: string;
  sats: number;
  issuedAt: number;
  expiresAt: number;
  paidSats: number | null;
  paidAt: number;
  /** Its place in the order of payments and questions, which may fall on one instant. */
  paidTurn: number;
  isReported: boolean;
};

type Mint = { invoice: string; sats: number; lastsUntil: number | null };

export const TILL = `tenant/${TENANT}`;

export class World {
  readonly star = new Star(T0);
  readonly issued: Issued[] = [];
  /** At which turn our wallet last answered about an invoice. */
  readonly askedTurn = new Map<string, number>();
  #turn = 0;
  #ids = 0;
  /** How many moves of the star were proved already. */
  provedMoves = 0;
  /** Relays that an admin suspended and has not released. */
  readonly suspended = new Set<string>();

  /**
   * Our wallet neither issues nor answers. Whether that holds up a question about an invoice that never had
   * a bolt11 depends on what else is asked.
   */
  silence: "none" | "issued" | "all" = "none";

  constructor() {
    this.star.create(TILL, "tenant", { pubkey: TENANT });
  }

  /** Ids are never used twice: some wait for long until something bears them. */
  newId(): number {
    return ++this.#ids;
  }

  relays(): string[] {
    return this.#idsOf("relay/");
  }

  invoices(): string[] {
    return this.#idsOf("invoice/");
  }

  relay(id: string): RelayContext {
    return this.star.actor(relayActor(id)).context as RelayContext;
  }

  invoice(id: string): InvoiceContext {
    return this.star.actor(invoiceActor(id)).context as InvoiceContext;
  }

  /** Money arrives at our wallet, which tells nobody yet. A bolt11 settles once. */
  pay(one: Issued, sats: number): void {
    if (one.paidSats !== null) return;
    one.paidSats = sats;
    one.paidAt = this.star.nowMs;
    one.paidTurn = ++this.#turn;
  }

  /** Our wallet speaks: as often as it likes, heard once. */
  report(one: Issued): void {
    if (one.paidSats === null || one.isReported) return;
    one.isReported = true;
    const isTaken = this.star.send(
      invoiceActor(one.invoice),
      settled(one.paidSats, one.paidAt, one.n),
    );
    if (!isTaken) throw new Error(`invoice ${one.invoice} did not accept a settlement`);
  }

  /** Whether anybody is there who does this work. */
  answers({ src, input }: Work): boolean {
    if (this.silence === "none" || (src !== "mintBolt11" && src !== "askWallet")) return true;
    const { invoice } = input as { invoice: string };
    const isIssued = this.issued.some((one) => one.invoice === invoice);
    return src === "askWallet" && !isIssued && this.silence === "issued";
  }

  /** Performs work, well or badly, and keeps the answer with it. */
  perform(work: Work, random: Random, refusal: number): void {
    const isRefused = random.chance(refusal);
    if (work.src === "applyRelay") this.#apply(work, random, isRefused);
    else if (work.src === "payByWallet") this.#charge(work, random);
    else if (work.src === "catchUp") work.answer = doneEvent(work.invoke, null);
    else if (isRefused) work.answer = errorEvent(work.invoke, "restricted");
    else if (work.src === "mintBolt11") this.#mint(work, random);
    else if (work.src === "deliver") this.#deliver(work, random);
    else this.#ask(work);
  }

  #apply(work: Work, random: Random, isRefused: boolean): void {
    const c = this.relay((work.input as { relay: string }).relay);
    const outcomes = [{ refused: "schema_taken" }, null];
    const refused = isRefused ? random.pick(outcomes) : undefined;
    // Now and then the owner has renamed it over NIP-86 in the meantime.
    const said = random.chance(0.1) ? { ...c, name: `Renamed ${c.wanted}` } : c;
    if (refused === null) work.answer = errorEvent(work.invoke, "defect");
    else work.answer = doneEvent(work.invoke, refused ?? applied(c.wanted, said, c));
  }

  #mint(work: Work, random: Random): void {
    const { invoice, sats, lastsUntil } = work.input as Mint;
    const { nowMs } = this.star;
    for (const one of this.issued.filter((issued) => issued.invoice === invoice)) {
      if (one.expiresAt > nowMs) throw new Error(`two bolt11s of ${invoice} would be payable`);
      if (one.paidSats !== null && !one.isReported)
        throw new Error(`${invoice} gets a second bolt11, and its first is paid`);
    }
    const n = this.issued.length + 1;
    const lifeMs = Math.max((lastsUntil ?? nowMs + DAY_MS) - nowMs, DAY_MS / 24);
    const made = bolt11(sats, nowMs, n, random.chance(0.2) ? DAY_MS / 24 : lifeMs);
    const { expiresAt } = made;
    const unpaid = { paidSats: null, paidAt: 0, paidTurn: 0, isReported: false };
    this.issued.push({ n, invoice, sats, issuedAt: nowMs, expiresAt, ...unpaid });
    work.answer = doneEvent(work.invoke, made);
  }

  /** Reports what has arrived before it answers, as the real look-up does. */
  #ask(work: Work): void {
    const { invoice } = work.input as { invoice: string };
    this.askedTurn.set(invoice, ++this.#turn);
    const ours = this.issued.filter((one) => one.invoice === invoice);
    const isSettled = ours.some((one) => one.paidSats !== null && !one.isReported);
    work.answer = doneEvent(work.invoke, { settled: isSettled });
    for (const one of ours) this.report(one);
  }

  /** A tenant's wallet pays and says so, pays in silence, is silent, refuses, or is gone. */
  #charge(work: Work, random: Random): void {
    const { bolt11: asked } = work.input as { bolt11: string };
    const one = this.issued.find(({ n }) => `lnbcrt${n}` === asked);
    if (!one) throw new Error(`a wallet was asked to pay ${asked}`);
    const till = this.star.actor(TILL);
    const isGone = (till.value as { wallet: string }).wallet === "none";
    const pays = (): void => {
      if (one.expiresAt > this.star.nowMs) this.pay(one, one.sats);
    };
    const rejected =
      (code: string, renewsAt: number | null = null) =>
      () => ({
        outcome: "rejected",
        code,
        renewsAt,
      });
    const answers = [
      () => pays() ?? { outcome: "paid" },
      () => pays() ?? { outcome: "unknown" },
      () => ({ outcome: "unknown" }),
      rejected("INSUFFICIENT_BALANCE"),
      rejected("QUOTA_EXCEEDED", this.star.nowMs + DAY_MS),
      rejected("UNAUTHORIZED"),
    ];
    work.answer = doneEvent(work.invoke, isGone ? { outcome: "none" } : random.pick(answers)());
  }

  #deliver(work: Work, random: Random): void {
    const state = random.pick(["delivered", "delivered", "no_inbox", "refused"]);
    work.answer = doneEvent(work.invoke, {
      state,
      relays: [],
      subject: "",
      text: "",
      writtenAt: 0,
    });
  }

  #idsOf(prefix: string): string[] {
    return [...this.star.actors.keys()]
      .filter((id) => id.startsWith(prefix))
      .map((id) => id.slice(prefix.length));
  }
}
