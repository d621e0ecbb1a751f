/** Everything outside Berth: Lightning and our wallet, tenants' wallets, zooid, inboxes; and their faults. */

import type { Charged } from "../../machines/invoice/context.ts";
import type { BillingParts } from "../../server/effects/billing.ts";
import { Refused, Unavailable } from "../../server/errors.ts";
import { NotConfirmed, type ZooidClient } from "../../server/zooid/client.ts";
import type { VirtualRelay } from "../../server/zooid/virtual-relay.ts";
import { Agenda } from "./agenda.ts";
import { Lightning, type LightningFaults } from "./lightning.ts";
import type { Random } from "./random.ts";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** How a tenant's wallet answers `pay_invoice`. */
export const walletMoods = [
  "pays",
  "pays_in_silence",
  "silent",
  "lies",
  "defect",
  "INSUFFICIENT_BALANCE",
  "QUOTA_EXCEEDED",
  "RATE_LIMITED",
  "PAYMENT_FAILED",
  "INTERNAL",
  "OTHER",
  "UNAUTHORIZED",
  "RESTRICTED",
  "NOT_IMPLEMENTED",
] as const;
export type WalletMood = (typeof walletMoods)[number];

export type TenantWallet = {
  isConnected: boolean;
  mood: WalletMood;
  /** Since when nothing was wrong with it. */
  goodSince: number;
  replies: Map<string, Charged>;
};

/** How bad a world is: 0 never fails. */
export type Weather = LightningFaults & {
  ourWalletDown: number;
  zooidDown: number;
  crash: number;
  downtime: number;
  inbox: number;
};

export const calm: Weather = {
  lost: 0,
  refuses: 0,
  lags: 0,
  dropsNotification: 0,
  slow: 0,
  ourWalletDown: 0,
  zooidDown: 0,
  crash: 0,
  downtime: 0,
  inbox: 0,
};

export const storm: Weather = {
  lost: 0.05,
  refuses: 0.005,
  lags: 0.1,
  dropsNotification: 0.4,
  slow: 0.15,
  ourWalletDown: 1,
  zooidDown: 1,
  crash: 0.004,
  downtime: 1,
  inbox: 0.3,
};

export class World {
  readonly agenda: Agenda;
  readonly lightning: Lightning;
  readonly wallets = new Map<string, TenantWallet>();
  readonly zooid = new Map<string, VirtualRelay>();
  /** Messages that reached an inbox, by notice: ids of the events. */
  readonly inboxes = new Map<string, Set<string>>();
  isZooidDown = false;
  /** When Berth looked for settlements and our wallet could be reached. */
  readonly looks: number[] = [];
  #troubleAt = 0;

  constructor(
    startMs: number,
    readonly random: Random,
    public weather: Weather,
    notified: () => Promise<unknown>,
  ) {
    this.agenda = new Agenda(startMs);
    this.lightning = new Lightning(this.agenda, random, weather, notified, () =>
      this.trouble(this.agenda.now()),
    );
  }

  /** The last instant at which something of ours was not as it should be. */
  get troubleAt(): number {
    return this.lightning.isDown ? this.agenda.now() : this.#troubleAt;
  }

  trouble(atMs: number): void {
    this.#troubleAt = Math.max(this.#troubleAt, atMs);
  }

  clearUp(): void {
    this.weather = calm;
    this.lightning.faults = calm;
    this.lightning.isDown = false;
    this.isZooidDown = false;
  }

  walletOf(tenant: string): TenantWallet {
    let wallet = this.wallets.get(tenant);
    if (!wallet) {
      wallet = { isConnected: false, mood: "pays", goodSince: 0, replies: new Map() };
      this.wallets.set(tenant, wallet);
    }
    return wallet;
  }

  /** A tenant's wallet, asked over NIP-47. The same request is carried out once. */
  readonly pay: BillingParts["pay"] = async (tenant, bolt11, { memo }) => {
    const wallet = this.walletOf(tenant);
    if (!wallet.isConnected) return { outcome: "none" };
    const request = await memo(async () => this.random.hex(32));
    const known = wallet.replies.get(request);
    if (known) return known;
    const { mood } = wallet;
    const payable = this.lightning.payableOf(bolt11);
    if (!payable) throw new Error(`nobody issued ${bolt11}`);
    if (mood === "silent") throw new Unavailable("timeout", "the tenant's wallet is silent");
    if (mood === "defect") throw new Error("what the wallet said makes no sense");
    const pays = mood === "pays" || mood === "pays_in_silence" || mood === "lies";
    const isPaid = pays && this.lightning.pay(payable, 0, mood === "pays" ? 0 : undefined);
    const reply = this.#reply(mood, isPaid);
    wallet.replies.set(request, reply);
    if (mood === "pays_in_silence") throw new Unavailable("timeout", "its answer is lost");
    return reply;
  };

  #reply(mood: WalletMood, isPaid: boolean): Charged {
    if (mood === "pays" || mood === "pays_in_silence")
      return isPaid
        ? { outcome: "paid" }
        : { outcome: "rejected", code: "PAYMENT_FAILED", renewsAt: null };
    const code = mood === "lies" ? "PAYMENT_FAILED" : mood;
    const renewsAt =
      mood === "QUOTA_EXCEEDED" && this.random.chance(0.7)
        ? this.agenda.now() + this.random.between(1, 30) * DAY_MS
        : null;
    return { outcome: "rejected", code, renewsAt };
  }

  readonly deliver: BillingParts["deliver"] = async (notice, { memo }) => {
    // What is written says by which event it is sent.
    const text = notice.written?.text ?? (await memo(async () => this.random.hex(32)));
    const written = { subject: notice.stage, text, writtenAt: this.agenda.now() };
    const said = { relays: ["wss://inbox.example"], ...written };
    if (this.random.chance(this.weather.inbox)) {
      if (this.random.chance(0.5)) throw new Unavailable("timeout", "no inbox relay answers");
      const state = this.random.chance(0.5) ? "refused" : "no_inbox";
      return { state, ...said };
    }
    const got = this.inboxes.get(notice.notice) ?? new Set();
    this.inboxes.set(notice.notice, got.add(text));
    return { state: "delivered", ...said };
  };

  readonly zooidClient: Pick<ZooidClient, "apply"> = {
    apply: async (relay) => {
      if (this.isZooidDown) throw new Unavailable("zooid_down", "zooid does not answer");
      if (this.random.chance(this.weather.lost / 5))
        throw new Refused("zooid_refused_config", "zooid does not want it");
      if (relay.presence === "absent") this.zooid.delete(relay.id);
      else this.zooid.set(relay.id, relay);
      if (this.random.chance(this.weather.lost)) throw new NotConfirmed();
      const { name, description, icon } = relay;
      return { info: relay.presence === "absent" ? null : { name, description, icon } };
    },
  };
}
