import { getPublicKey } from "nostr-tools/pure";
import type { Random } from "../machines/random.ts";
import { clients, command, settle, type Tally } from "./commands.ts";

type Invoice = { id: string; status: string; invoice: string | null };
type Ordered = { relay: { id: string }; invoice: Invoice | null };

/** A relay as its owner remembers it: what was acknowledged, and what must follow. */
export type Remembered = {
  id: string;
  /** Under which key it was ordered, and what was asked: asked again, it must be the same relay. */
  order: { key: Record<string, string>; body: object };
  /** The invoice that is open, as far as is known. */
  invoice: Invoice | null;
  /** Switched on or off, whichever was acknowledged last. */
  isOn: boolean;
  /** Paid for or free, and so bound to run as long as it is on. */
  mustRun: boolean;
  name: string;
  /** Every description that was acknowledged, in order; each was used once. */
  descriptions: string[];
  deactivations: number;
  reactivations: number;
};

/** What a tenant remembers in the end. */
export type Memory = {
  pubkey: string;
  key: Uint8Array;
  relays: Remembered[];
  /** The bolt11s whose payment was acknowledged. */
  paid: string[];
};

const RELAYS_MAX = 25;

/**
 * One tenant, who sends one command after the other, chosen at random among those that make sense,
 * until `isOver`. Several of them run at once.
 */
export async function liveAsTenant(options: {
  url: string;
  key: Uint8Array;
  name: string;
  random: Random;
  tally: Tally;
  isOver: () => boolean;
}): Promise<Memory> {
  const { random, tally, isOver, name: tenant } = options;
  const { api, anyone } = clients(options.url, options.key);
  const relays: Remembered[] = [];
  const paid: string[] = [];
  let count = 0;

  async function order(): Promise<void> {
    const plan = random.pick(["free", "basic", "basic", "growth"] as const);
    const label = `${tenant}-${count++}`;
    const body = { name: label, subdomain: label, description: "", plan };
    let key: Record<string, string> = {};
    const outcome = await command<Ordered>(tally, (once) => {
      key = once;
      return api.post("/tenant/relays", body, once);
    });
    if (!outcome.done) return;
    const { relay, invoice } = outcome.body;
    const mustRun = invoice === null || invoice.status === "paid";
    relays.push({
      id: relay.id,
      order: { key, body },
      invoice: mustRun ? null : invoice,
      isOn: true,
      mustRun,
      name: label,
      descriptions: [],
      deactivations: 0,
      reactivations: 0,
    });
  }

  async function pay(relay: Remembered): Promise<void> {
    if (relay.invoice === null) return;
    const { id } = relay.invoice;
    const read = await settle<Invoice>(tally, () => api.post(`/tenant/invoices/${id}/check`));
    if (read.done) relay.invoice = read.body;
    const { invoice: bolt11, status } = relay.invoice;
    if (status === "pending" && bolt11 === null) return;
    if (bolt11 !== null && status === "pending") {
      const outcome = await settle(tally, () => anyone.post("/sandbox/pay", { bolt11 }));
      // Already paid is by us: an attempt that got no answer.
      if (!outcome.done && outcome.code !== "already_paid") return;
      paid.push(bolt11);
    }
    // By this payment, or by credit meanwhile.
    relay.mustRun = true;
    relay.invoice = null;
  }

  async function edit(relay: Remembered): Promise<void> {
    const description = `edit ${tenant}-${count++}`;
    const name = random.pick([relay.name, `Name ${count}`]);
    const path = `/tenant/relays/${relay.id}`;
    const outcome = await settle(tally, () => api.put(path, { name, description }));
    if (!outcome.done) return;
    relay.name = name;
    relay.descriptions.push(description);
  }

  async function deactivate(relay: Remembered): Promise<void> {
    const outcome = await settle(tally, () => api.delete(`/tenant/relays/${relay.id}`));
    if (!outcome.done) return;
    relay.isOn = false;
    relay.mustRun = false;
    relay.invoice = null;
    relay.deactivations++;
  }

  async function reactivate(relay: Remembered): Promise<void> {
    const path = `/tenant/relays/${relay.id}/reactivate`;
    const outcome = await command<Ordered>(tally, (key) => api.post(path, undefined, key));
    if (!outcome.done) return;
    const { invoice } = outcome.body;
    relay.isOn = true;
    relay.mustRun = invoice === null || invoice.status === "paid";
    relay.invoice = relay.mustRun ? null : invoice;
    relay.reactivations++;
  }

  async function check(): Promise<void> {
    const known = relays.flatMap(({ invoice }) => invoice ?? []);
    if (known.length === 0) return;
    const { id } = random.pick(known);
    await settle(tally, () => api.post(`/tenant/invoices/${id}/check`));
  }

  while (!isOver()) {
    const on = relays.filter(({ isOn }) => isOn);
    const off = relays.filter(({ isOn }) => !isOn);
    const unpaid = on.filter(({ invoice }) => invoice !== null);
    const choices: [weight: number, act: () => Promise<void>][] = [
      [relays.length < RELAYS_MAX ? 3 : 0, order],
      [unpaid.length > 0 ? 4 : 0, () => pay(random.pick(unpaid))],
      [on.length > 0 ? 5 : 0, () => edit(random.pick(on))],
      [on.length > 1 ? 2 : 0, () => deactivate(random.pick(on))],
      [off.length > 0 ? 2 : 0, () => reactivate(random.pick(off))],
      [unpaid.length > 0 ? 1 : 0, check],
    ];
    await random.pick(choices.flatMap(([weight, act]) => Array<typeof act>(weight).fill(act)))();
  }
  return { pubkey: getPublicKey(options.key), key: options.key, relays, paid };
}
