import type { Queries } from "../db/index.ts";
import type { Bolt11Row, Bolt11Span } from "../db/invoices.ts";
import { DAY_MS, HOUR_MS } from "../machines/billing/calendar.ts";
import type { Clock } from "./clock.ts";
import { Unavailable } from "./errors.ts";
import { describe, log } from "./log.ts";
import { MAX_CLOCK_SKEW_MS } from "./wallet/bolt11.ts";
import type { ReceivingWallet, Settlement, Unclear } from "./wallet/wallet.ts";
import { mayConcernOne } from "./wallet/wallet-errors.ts";

const MINUTE_MS = 60_000;
/** How long an expired bolt11 is still looked for. */
const WATCH_MS = 30 * DAY_MS;
/** No bolt11 of ours lasts longer: a renewal's to the end of the grace of a date within a month. */
const BOLT11_LIFE_MS = 61 * DAY_MS;
/** Of so many fresh ones each is looked up by itself; more are found by pages. */
const FRESH_MAX = 200;
const LOOKUPS_PER_TICK = 20;
/** Of a wallet that gives no lists; oldest first. */
const LOOKUPS_PER_SWEEP = 5_000;
/** It does not know list_transactions, or may not answer it to us. */
const LISTS_NOTHING = new Set(["wallet_not_implemented", "wallet_restricted"]);

/** Our wallet dates what it issues by its own clock, and a call takes a while. */
const SLACK_MS = MAX_CLOCK_SKEW_MS + MINUTE_MS;

/**
 * What is found by pages of list_transactions: how often, and until how long after it expired a bolt11
 * counts. Each covers those before it.
 */
const SWEEPS = [
  { everyMs: 10 * MINUTE_MS, expiredMs: 0 },
  { everyMs: HOUR_MS, expiredMs: DAY_MS },
  { everyMs: DAY_MS, expiredMs: WATCH_MS },
] as const;

export type WatchOptions = {
  clock: Clock;
  queries: Queries;
  wallet: ReceivingWallet;
  report: (settlement: Settlement) => Promise<unknown>;
  /** Tenants who look at their account, and so perhaps at a checkout, now. */
  watching: () => Iterable<string>;
  /** Real time between ticks. */
  tickMs?: number;
};

/** Money that may have come for an invoice that is closed. `since` is epoch ms. */
export type UnclearPayment = {
  issued: Bolt11Row;
  tenant: string;
  said: string;
  since: number;
};

/**
 * Finds what notifications missed. A bolt11 in its first hour is looked up every 60 s, and an open one
 * every tick while its tenant looks at it; all others by pages of list_transactions, whose number
 * depends on what was paid since the oldest of them and not on how many wait: open ones within 10
 * minutes, expired ones hourly for a day and then daily for 30. One request of each kind at a time: nobody
 * at a checkout waits for a search through thousands of payments.
 */
export class SettlementWatch {
  readonly #unsubscribe: () => void;
  readonly #lookedAt = new Map<string, number>();
  readonly #sweptAt: number[] = SWEEPS.map(() => Number.NEGATIVE_INFINITY);
  #crowdSweptAt = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setInterval> | undefined;
  #looking: Promise<void> | null = null;
  #sweeping: Promise<void> | null = null;
  /** After a sweep that failed: a wallet that is busy, or gives no lists, is not pressed. */
  #sweepNotBefore = Number.NEGATIVE_INFINITY;
  /** By payment hash, as the last search found them. */
  #unclear = new Map<string, UnclearPayment>();
  readonly #stop = new AbortController();

  constructor(readonly options: WatchOptions) {
    this.#unsubscribe = options.wallet.onSettled((settlement) => {
      options
        .report(settlement)
        .catch((error) => log("error", "a payment was not taken in", describe(error)));
    });
  }

  start(): void {
    this.#timer = setInterval(() => void this.tick(), this.options.tickMs ?? 3_000);
    void this.tick();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#unsubscribe();
    this.#stop.abort();
    await Promise.all([this.#looking, this.#sweeping]);
  }

  /** Payments to closed invoices of which our wallet says what we cannot understand. */
  unclear(): UnclearPayment[] {
    const oldest = (this.options.clock.now() - WATCH_MS) / 1000;
    return [...this.#unclear.values()].filter(({ issued }) => issued.expiresAt > oldest);
  }

  /**
   * Looks up what is due now, beside what is under way. A wallet that is silent is asked again later, and
   * deadlines wait for an answer of their own.
   */
  async tick(): Promise<void> {
    const now = this.options.clock.now();
    const fresh = await this.#fresh(now).catch(() => []);
    const isCrowd = fresh.length > FRESH_MAX;
    this.#looking ??= this.#lookUpEach(isCrowd ? [] : fresh, now)
      .catch(() => {})
      .finally(() => {
        this.#looking = null;
      });
    this.#sweeping ??= this.#sweep(isCrowd, now)
      .catch(() => {
        this.#sweepNotBefore = now + MINUTE_MS;
      })
      .finally(() => {
        this.#sweeping = null;
      });
    await Promise.all([this.#looking, this.#sweeping]);
  }

  /** Hashes of unsettled bolt11s in their first hour. */
  #fresh(now: number): Promise<string[]> {
    const { queries, wallet } = this.options;
    const span = { issuedAfter: (now - HOUR_MS) / 1000, expiresAfter: 0 };
    return queries.invoices.unsettledOf(wallet.pubkey, span, FRESH_MAX + 1);
  }

  async #lookUpEach(fresh: string[], now: number): Promise<void> {
    const { queries, wallet, report, watching } = this.options;
    const lookedAt = (hash: string): number => this.#lookedAt.get(hash) ?? Number.NEGATIVE_INFINITY;
    const payable = [...watching()].map((tenant) =>
      queries.invoices.payableOf(wallet.pubkey, tenant, now / 1000),
    );
    const watched = (await Promise.all(payable)).flat();
    const due = fresh.filter((hash) => now - lookedAt(hash) >= MINUTE_MS);
    const hashes = [...new Set([...watched, ...due])]
      .sort((a, b) => lookedAt(a) - lookedAt(b))
      .slice(0, LOOKUPS_PER_TICK);
    for (const [hash, at] of this.#lookedAt) if (now - at > HOUR_MS) this.#lookedAt.delete(hash);
    for (const hash of hashes) {
      // Before it is asked: one that is never answered goes to the end of the queue too.
      this.#lookedAt.set(hash, now);
      const answer = await wallet.lookup(hash, this.#stop.signal);
      if (answer.state === "settled") await report(answer.settlement);
    }
  }

  async #sweep(isCrowd: boolean, now: number): Promise<void> {
    if (now < this.#sweepNotBefore) return;
    const last = SWEEPS.findLastIndex(
      ({ everyMs }, index) => now - (this.#sweptAt[index] ?? 0) >= everyMs,
    );
    const sweep = SWEEPS[last];
    if (sweep) {
      const { queries, wallet } = this.options;
      const expiresAfter = (now - sweep.expiredMs) / 1000;
      // None lives longer than a renewal: what is older need not be searched.
      const issuedAfter = (now - sweep.expiredMs - BOLT11_LIFE_MS) / 1000;
      const oldest = await queries.invoices.oldestUnsettled(wallet.pubkey, {
        issuedAfter,
        expiresAfter,
      });
      if (oldest !== null)
        await this.#reportSince(oldest * 1000 - SLACK_MS, { issuedAfter, expiresAfter });
      this.#sweptAt.fill(now, 0, last + 1);
    }
    if (isCrowd && now - this.#crowdSweptAt >= MINUTE_MS) {
      const span = { issuedAfter: (now - HOUR_MS) / 1000, expiresAfter: 0 };
      await this.#reportSince(now - HOUR_MS - SLACK_MS, span);
      this.#crowdSweptAt = now;
    }
  }

  /**
   * Reports every settled payment whose bolt11 was issued since then; of a wallet that gives no lists,
   * those of the span, one by one.
   */
  async #reportSince(sinceMs: number, span: Bolt11Span): Promise<void> {
    const { wallet, report } = this.options;
    const unclear: Unclear[] = [];
    const onUnclear = (one: Unclear) => void unclear.push(one);
    try {
      for await (const settlement of wallet.settledSince(sinceMs, this.#stop.signal, onUnclear)) {
        await report(settlement);
        this.#unclear.delete(settlement.paymentHash);
      }
      await this.#tellUnclear(unclear);
    } catch (error) {
      if (!(error instanceof Unavailable) || !LISTS_NOTHING.has(error.code)) throw error;
      await this.#lookUpAll(span);
    }
  }

  /** An open invoice asks about its own bolt11s, and waits for the operator itself. */
  async #tellUnclear(found: Unclear[]): Promise<void> {
    const { clock, queries } = this.options;
    for (const { paymentHash, said } of found) {
      const issued = await queries.invoices.bolt11(paymentHash);
      const invoice = issued && (await queries.invoices.get(issued.invoice));
      if (!issued || !invoice || issued.settledAt !== null || invoice.status === "pending") {
        this.#unclear.delete(paymentHash);
        continue;
      }
      const known = this.#unclear.get(paymentHash);
      const { id, tenant } = invoice;
      this.#unclear.set(paymentHash, { issued, tenant, said, since: known?.since ?? clock.now() });
      if (!known)
        log("error", "what our wallet says of a payment is unclear", { invoice: id, said });
    }
  }

  async #lookUpAll(span: Bolt11Span): Promise<void> {
    const { queries, wallet, report } = this.options;
    for (const hash of await queries.invoices.unsettledOf(wallet.pubkey, span, LOOKUPS_PER_SWEEP)) {
      const answer = await wallet.lookup(hash, this.#stop.signal).catch((error: unknown) => {
        // Of one it cannot tell; the others are asked about all the same.
        if (mayConcernOne(error)) return null;
        throw error;
      });
      if (answer?.state === "settled") await report(answer.settlement);
    }
  }
}
