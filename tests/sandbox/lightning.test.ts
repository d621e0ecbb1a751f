import { beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeInvoice } from "@getalby/lightning-tools/bolt11";
import { decode } from "bolt11";
import { MovableClock } from "../../server/sandbox/clock.ts";
import { LightningNetwork } from "../../server/sandbox/lightning.ts";
import type { LightningErrorCode, LightningNode } from "../../server/sandbox/lightning-invoice.ts";
import { openSqlite } from "../../server/sandbox/sqlite.ts";

const FEE_MSATS = 1000;
let clock: MovableClock;
let network: LightningNetwork;
let shop: LightningNode;
let customer: LightningNode;

beforeEach(() => {
  clock = new MovableClock();
  network = new LightningNetwork(openSqlite(null), clock, () => FEE_MSATS);
  shop = network.openNode("shop", 0);
  customer = network.openNode("customer", 1_000_000);
});

const code = (act: () => unknown): LightningErrorCode => {
  try {
    act();
  } catch (error) {
    if (error instanceof Error && "code" in error) return error.code as LightningErrorCode;
    throw error;
  }
  throw new Error("nothing was refused");
};

describe("a bolt11", () => {
  test("is a regtest bolt11 that others decode, signed by the payee's node", () => {
    const ask = { amountMsats: 21_000, description: "Relay ⚡", expirySeconds: 600 };
    const invoice = network.makeInvoice(shop, ask);
    const decoded = decodeInvoice(invoice.bolt11);
    expect(invoice.bolt11).toStartWith("lnbcrt210n1");
    expect(decoded).toMatchObject({ satoshi: 21, description: "Relay ⚡", expiry: 600 });
    expect(decoded?.paymentHash).toBe(invoice.paymentHash);
    expect(decoded?.timestamp).toBe(invoice.createdAt);
    expect(invoice.expiresAt).toBe(invoice.createdAt + 600);
    expect(decode(invoice.bolt11).payeeNodeKey).toBe(shop.pubkey);
  });

  test("has a preimage of its own that hashes to its payment hash", () => {
    const invoices = [1, 2].map(() => network.makeInvoice(shop, { amountMsats: 1 }));
    for (const { preimage, paymentHash } of invoices) {
      const hash = createHash("sha256").update(Buffer.from(preimage, "hex")).digest("hex");
      expect(hash).toBe(paymentHash);
    }
    expect(invoices[0]?.preimage).not.toBe(invoices[1]?.preimage);
  });

  test("commits to a description hash in place of a description", () => {
    const descriptionHash = "ab".repeat(32);
    const { bolt11 } = network.makeInvoice(shop, { amountMsats: 1000, descriptionHash });
    expect(decode(bolt11).tagsObject.purpose_commit_hash).toBe(descriptionHash);
    expect(decode(bolt11).tagsObject.description).toBeUndefined();
  });

  test("with an amount, expiry or description out of range is refused", () => {
    for (const ask of [
      { amountMsats: 0 },
      { amountMsats: 1.5 },
      { amountMsats: 1e15 },
      { amountMsats: 1, expirySeconds: 0 },
      { amountMsats: 1, description: "é".repeat(320) },
    ]) {
      expect(code(() => network.makeInvoice(shop, ask))).toBe("malformed");
    }
    const description = "é".repeat(319);
    const { bolt11 } = network.makeInvoice(shop, { amountMsats: 1, description });
    expect(decodeInvoice(bolt11)?.description).toBe(description);
  });
});

describe("a payment", () => {
  test("moves the amount to the payee, costs the fee, and gives the preimage", () => {
    const { bolt11, preimage } = network.makeInvoice(shop, { amountMsats: 21_000 });
    const paid = network.pay(customer, bolt11.toUpperCase());
    expect(paid).toMatchObject({ preimage, payer: "customer", feesMsats: FEE_MSATS });
    expect(network.balanceMsats(shop)).toBe(21_000);
    expect(network.balanceMsats(customer)).toBe(1_000_000 - 21_000 - FEE_MSATS);
    expect(network.counts()).toEqual({ issued: 1, paid: 1 });
  });

  test("happens once, and is told once", () => {
    const told: string[] = [];
    network.onSettled((paymentHash) => told.push(paymentHash));
    const { bolt11, paymentHash } = network.makeInvoice(shop, { amountMsats: 21_000 });
    network.pay(customer, bolt11);
    expect(code(() => network.pay(customer, bolt11))).toBe("already_paid");
    expect(network.balanceMsats(shop)).toBe(21_000);
    expect(told).toEqual([paymentHash]);
  });

  test("is possible until the last millisecond before expiry of logical time", () => {
    const ask = { amountMsats: 1000, expirySeconds: 600 };
    const [inTime, late] = [network.makeInvoice(shop, ask), network.makeInvoice(shop, ask)];
    clock.pin(late.expiresAt * 1000 - 1);
    network.pay(customer, inTime.bolt11);
    clock.pin(late.expiresAt * 1000);
    expect(code(() => network.pay(customer, late.bolt11))).toBe("expired");
  });

  test("of a paid bolt11 that has expired since is told as paid", () => {
    const { bolt11, expiresAt } = network.makeInvoice(shop, { amountMsats: 1000 });
    network.pay(customer, bolt11);
    clock.pin(expiresAt * 1000);
    expect(code(() => network.pay(customer, bolt11))).toBe("already_paid");
  });

  test("beyond the balance, fee included, moves nothing", () => {
    const { bolt11 } = network.makeInvoice(shop, { amountMsats: 1_000_000 - FEE_MSATS + 1 });
    expect(code(() => network.pay(customer, bolt11))).toBe("insufficient_balance");
    expect(network.balanceMsats(customer)).toBe(1_000_000);
    const exact = network.makeInvoice(shop, { amountMsats: 1_000_000 - FEE_MSATS });
    network.pay(customer, exact.bolt11);
    expect(network.balanceMsats(customer)).toBe(0);
  });

  test("of what is no bolt11 of this network is refused", () => {
    const elsewhere = new LightningNetwork(openSqlite(null), clock);
    const { bolt11 } = elsewhere.makeInvoice(elsewhere.openNode("shop", 0), { amountMsats: 1000 });
    expect(code(() => network.pay(customer, bolt11))).toBe("unknown");
    const mine = network.makeInvoice(shop, { amountMsats: 1000 }).bolt11;
    const cut = mine.slice(0, -1);
    const misspelt = cut + (mine.endsWith("q") ? "p" : "q");
    for (const broken of ["", "lnbcrt1", cut, misspelt, "x".repeat(1e5)]) {
      expect(code(() => network.pay(customer, broken))).toBe("malformed");
    }
  });
});

test("no msat is made or lost, whatever is paid or refused", () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`seed ${seed}`);
  let state = seed;
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state % below;
  };
  const nodes = [shop, customer, network.openNode("third", 500_000)];
  const bolt11s: string[] = [];
  let refused = 0;
  for (let step = 0; step < 120; step++) {
    const node = nodes[random(3)]!;
    if (random(3) === 0 || bolt11s.length === 0) {
      bolt11s.push(network.makeInvoice(node, { amountMsats: 1 + random(400_000) }).bolt11);
    } else {
      try {
        network.pay(node, bolt11s[random(bolt11s.length)]!);
      } catch {
        refused++;
      }
    }
    if (random(10) === 0) clock.pin(clock.now() + random(1_800_000));
    expect(network.totalMsats()).toBe(1_500_000);
    for (const each of nodes) expect(network.balanceMsats(each)).toBeGreaterThanOrEqual(0);
  }
  expect(refused).toBeGreaterThan(0);
  expect(network.counts().paid).toBeGreaterThan(0);
}, 20_000);

test("a ledger on a file keeps nodes, balances and what was paid, and opens no node twice", () => {
  const directory = mkdtempSync(join(tmpdir(), "berth-ledger-"));
  const path = join(directory, "ledger.sqlite");
  const before = openSqlite(path);
  const first = new LightningNetwork(before, clock);
  const seller = first.openNode("seller", 0);
  const buyer = first.openNode("buyer", 5000);
  const [paid, open] = [1, 2].map(() => first.makeInvoice(seller, { amountMsats: 2000 }));
  first.pay(buyer, paid!.bolt11);
  before.close();

  const after = openSqlite(path);
  const second = new LightningNetwork(after, clock);
  expect(second.openNode("buyer", 5000)).toEqual(buyer);
  expect(second.balanceMsats(buyer)).toBe(3000);
  expect(code(() => second.pay(buyer, paid!.bolt11))).toBe("already_paid");
  second.pay(buyer, open!.bolt11);
  expect(second.balanceMsats(seller)).toBe(4000);
  after.close();
  rmSync(directory, { recursive: true });
});
