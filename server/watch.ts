import type { Queries } from "../db/index.ts";
import { DAY_MS, HOUR_MS } from "../machines/billing.ts";
import type { Clock } from "./clock.ts";
import type { ReceivingWallet, Settlement } from "./wallet/wallet.ts";

const MINUTE_MS = 60_000;
/** How long an expired bolt11 is still looked for. */
const WATCH_MS = 30 * DAY_MS;
const FRESH_MAX = 200;

export type WatchOptions = {
  clock: Clock;
  queries: Queries;
  wallet: ReceivingWallet;
  report: (settlement: Settlement) => Promise<unknown>;
  /** Whether somebody looks at this tenant's checkout now. */
  isWatched: (invoice: string) => boolean;
  /** Real time between ticks. */
  tickMs?: number;
};

/**
 * Finds what notifications missed. A bolt11 in its first hour is looked up every 60 s, and every tick
 * while its checkout is open; older ones by pages of list_transactions, so that look-ups do not grow
 * with their number: open ones within 10 minutes, expired ones hourly for a day, then daily.
 */
export class SettlementWatch {
  readonly #unsubscribe: () => void;
  readonly #lookedAt = new Map<string, number>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #ticking: Promise<void> | null = null;
  #stop = new AbortController();
  #sweptAt = { open: 0, day: 0, month: 0 };

  constructor(readonly options: WatchOptions) {
    this.#unsubscribe = options.wallet.onSettled((settlement) => {
      options.report(settlement).catch(() => {
        // The look-up finds it again.
      });
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
    await this.#ticking;
  }

  /** Looks up what is due now; one at a time. A wallet that is silent is asked again later. */
  tick(): Promise<void> {
    this.#ticking ??= this.#lookUp()
      .catch(() => {
        // The next tick asks again; deadlines wait for an answer of their own.
      })
      .finally(() => {
        this.#ticking = null;
      });
    return this.#ticking;
  }

  async #lookUp(): Promise<void> {
    const { clock, queries, wallet, report, isWatched } = this.options;
    const now = clock.now();
    const fresh = queries.invoices.unsettled((now - HOUR_MS) / 1000, FRESH_MAX);
    for (const { paymentHash, invoice, wallet: issuer } of fresh) {
      const dueMs = isWatched(invoice) ? 0 : MINUTE_MS;
      if (issuer !== wallet.pubkey || now - (this.#lookedAt.get(paymentHash) ?? 0) < dueMs)
        continue;
      const answer = await wallet.lookup(paymentHash, this.#stop.signal);
      this.#lookedAt.set(paymentHash, now);
      if (answer.state === "settled") await report(answer.settlement);
    }
    const hashes = new Set(fresh.map((issued) => issued.paymentHash));
    for (const hash of this.#lookedAt.keys()) if (!hashes.has(hash)) this.#lookedAt.delete(hash);

    // The oldest span first covers the younger ones too.
    if (now - this.#sweptAt.month >= DAY_MS) await this.#sweep(WATCH_MS, now, "month");
    else if (now - this.#sweptAt.day >= HOUR_MS) await this.#sweep(2 * DAY_MS, now, "day");
    else if (now - this.#sweptAt.open >= 10 * MINUTE_MS) await this.#sweep(DAY_MS, now, "open");
  }

  /** Reports every settled payment whose bolt11 was issued within `spanMs`. */
  async #sweep(spanMs: number, now: number, span: "open" | "day" | "month"): Promise<void> {
    const { queries, wallet, report } = this.options;
    const [oldest] = queries.invoices.unsettled((now - spanMs) / 1000, 1);
    if (oldest) {
      const since = oldest.issuedAt * 1000 - MINUTE_MS;
      for await (const settlement of wallet.settledSince(since, this.#stop.signal))
        await report(settlement);
    }
    this.#sweptAt.open = now;
    if (span !== "open") this.#sweptAt.day = now;
    if (span === "month") this.#sweptAt.month = now;
  }
}
