import type { Database } from "bun:sqlite";
import type { Clock } from "../clock.ts";
import {
  MAX_DESCRIPTION_BYTES,
  newNodeKeys,
  newPreimage,
  paymentHashOf,
  signBolt11,
} from "./bolt11.ts";
import {
  LightningError,
  type LightningInvoice,
  type LightningNode,
  type LightningTransaction,
} from "./lightning-invoice.ts";

/** The largest bolt11 the network issues: 1,000 BTC. */
export const MAX_INVOICE_MSATS = 100_000_000_000_000;
/** The longest a bolt11 may stay payable: a year. */
export const MAX_EXPIRY_SECONDS = 31_536_000;
const DEFAULT_EXPIRY_SECONDS = 3600;

/** The node that fees flow to, so that no sat leaves the network. */
const ROUTER = "router";

/**
 * A Lightning network in a ledger: nodes, balances in msats, signed regtest bolt11s with preimages
 * of their own. A payment settles at once, exactly once, or not at all; msats are neither made nor
 * lost. Time is the injected clock's.
 */
export class LightningNetwork {
  readonly #settled = new Set<(paymentHash: string) => void>();

  /** @param feeMsats - what the payer pays on top of an amount; nothing by default. */
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly feeMsats: (amountMsats: number) => number = () => 0,
  ) {
    db.run(`CREATE TABLE IF NOT EXISTS nodes (name TEXT PRIMARY KEY, secret TEXT NOT NULL,
      pubkey TEXT NOT NULL, balance_msats INTEGER NOT NULL CHECK (balance_msats >= 0))`);
    db.run(`CREATE TABLE IF NOT EXISTS invoices (paymentHash TEXT PRIMARY KEY, bolt11 TEXT NOT NULL,
      preimage TEXT NOT NULL, amountMsats INTEGER NOT NULL, description TEXT NOT NULL,
      descriptionHash TEXT, payee TEXT NOT NULL REFERENCES nodes, payer TEXT REFERENCES nodes,
      createdAt INTEGER NOT NULL, expiresAt INTEGER NOT NULL, settledAtMs INTEGER,
      feesMsats INTEGER NOT NULL DEFAULT 0)`);
    this.openNode(ROUTER, 0);
  }

  /** The node of that name; made with a new key and `openingMsats` if the ledger has none yet. */
  openNode(name: string, openingMsats: number): LightningNode {
    const { secret, pubkey } = newNodeKeys();
    this.db
      .query("INSERT OR IGNORE INTO nodes VALUES ($name, $secret, $pubkey, $openingMsats)")
      .run({ name, secret, pubkey, openingMsats });
    const { pubkey: known } = this.#node(name);
    return { name, pubkey: known };
  }

  /**
   * Issues a bolt11 on the node.
   *
   * @param ask.amountMsats - 1 to MAX_INVOICE_MSATS.
   * @param ask.expirySeconds - 1 to MAX_EXPIRY_SECONDS; 3600 by default (BOLT-11 field `x`).
   * @throws {LightningError} malformed, when a number is out of range or the description too long.
   */
  makeInvoice(
    node: LightningNode,
    ask: {
      amountMsats: number;
      description?: string | undefined;
      descriptionHash?: string | undefined;
      expirySeconds?: number | undefined;
    },
  ): LightningInvoice {
    const { amountMsats, description = "", descriptionHash = null } = ask;
    const { expirySeconds = DEFAULT_EXPIRY_SECONDS } = ask;
    requireWithin("amount", amountMsats, MAX_INVOICE_MSATS);
    requireWithin("expiry", expirySeconds, MAX_EXPIRY_SECONDS);
    if (Buffer.byteLength(description) > MAX_DESCRIPTION_BYTES) {
      throw new LightningError("malformed", `description over ${MAX_DESCRIPTION_BYTES} bytes`);
    }
    const { preimage, paymentHash } = newPreimage();
    const createdAt = Math.floor(this.clock.now() / 1000);
    const terms = {
      amountMsats,
      paymentHash,
      description,
      descriptionHash,
      createdAt,
      expirySeconds,
    };
    const bolt11 = signBolt11(terms, this.#node(node.name).secret);
    this.db
      .query(`INSERT INTO invoices (paymentHash, bolt11, preimage, amountMsats, description,
        descriptionHash, payee, createdAt, expiresAt) VALUES ($paymentHash, $bolt11, $preimage,
        $amountMsats, $description, $descriptionHash, $payee, $createdAt, $expiresAt)`)
      .run({
        ...{ paymentHash, bolt11, preimage, amountMsats, description, descriptionHash, createdAt },
        payee: node.name,
        expiresAt: createdAt + expirySeconds,
      });
    return this.invoice(paymentHash);
  }

  /**
   * The invoice that a bolt11 (in either case) names, and what paying it costs with fees.
   *
   * @throws {LightningError} malformed; unknown, when it is not of this network.
   */
  quote(bolt11: string): { invoice: LightningInvoice; feesMsats: number } {
    const paymentHash = paymentHashOf(bolt11);
    if (paymentHash === null) throw new LightningError("malformed", "not a regtest bolt11");
    const invoice = this.invoice(paymentHash);
    if (invoice.bolt11 !== bolt11.toLowerCase()) {
      throw new LightningError("unknown", "no route: this network did not issue the bolt11");
    }
    return { invoice, feesMsats: this.feeMsats(invoice.amountMsats) };
  }

  /**
   * Pays a bolt11 from the node, all of it at once.
   *
   * @returns the settled invoice, whose preimage is the proof of payment.
   * @throws {LightningError} any code; no balance has changed then.
   */
  pay(node: LightningNode, bolt11: string): LightningInvoice {
    const settled = this.db.transaction(() => {
      const { invoice, feesMsats } = this.quote(bolt11);
      const { amountMsats, paymentHash } = invoice;
      if (invoice.settledAtMs !== null) {
        throw new LightningError("already_paid", "the bolt11 is already paid");
      }
      if (this.isExpired(invoice)) throw new LightningError("expired", "the bolt11 has expired");
      if (this.balanceMsats(node) < amountMsats + feesMsats) {
        throw new LightningError("insufficient_balance", "the node's balance is too low");
      }
      this.#move(node.name, -(amountMsats + feesMsats));
      this.#move(invoice.payee, amountMsats);
      this.#move(ROUTER, feesMsats);
      this.db
        .query(`UPDATE invoices SET payer = $payer, feesMsats = $feesMsats, settledAtMs = $now
          WHERE paymentHash = $paymentHash`)
        .run({ payer: node.name, feesMsats, now: this.clock.now(), paymentHash });
      return this.invoice(paymentHash);
    })();
    for (const callback of this.#settled) callback(settled.paymentHash);
    return settled;
  }

  /** True from the instant on that the bolt11's own expiry names. */
  isExpired(invoice: LightningInvoice): boolean {
    return this.clock.now() >= invoice.expiresAt * 1000;
  }

  /** @throws {LightningError} unknown. */
  invoice(paymentHash: string): LightningInvoice {
    const invoice = this.db
      .query<LightningInvoice, [string]>("SELECT * FROM invoices WHERE paymentHash = ?")
      .get(paymentHash);
    if (invoice === null) throw new LightningError("unknown", "no route: unknown payment hash");
    return invoice;
  }

  /**
   * Invoices of the node, newest first: an incoming one dates from when it was issued, an outgoing
   * one from when it was paid.
   *
   * @param query.from - epoch seconds, inclusive, as is `until`.
   * @param query.unpaid - whether unsettled ones are listed too.
   */
  transactions(
    node: LightningNode,
    query: {
      from: number;
      until: number;
      limit: number;
      offset: number;
      unpaid: boolean;
      type: "incoming" | "outgoing" | null;
    },
  ): { transactions: LightningTransaction[]; total: number } {
    const { limit, offset, ...where } = { ...query, name: node.name };
    const matching = `FROM (
      SELECT *, 'incoming' AS type, createdAt AS at, rowid AS row FROM invoices WHERE payee = $name
      UNION ALL SELECT *, 'outgoing', settledAtMs / 1000, rowid FROM invoices WHERE payer = $name
      ) WHERE at BETWEEN $from AND $until AND ($unpaid OR settledAtMs IS NOT NULL)
      AND ($type IS NULL OR type = $type)`;
    const transactions = this.db
      .query<LightningTransaction, typeof where & { limit: number; offset: number }>(
        `SELECT * ${matching} ORDER BY at DESC, row DESC, type LIMIT $limit OFFSET $offset`,
      )
      .all({ ...where, limit, offset });
    const count = this.db
      .query<{ total: number }, typeof where>(`SELECT count(*) AS total ${matching}`)
      .get(where);
    return { transactions, total: count?.total ?? 0 };
  }

  balanceMsats(node: LightningNode): number {
    return this.#node(node.name).balance_msats;
  }

  /** How many bolt11s were ever issued, and how many of them are paid. */
  counts(): { issued: number; paid: number } {
    const counts = this.db
      .query<{ issued: number; paid: number }, []>(
        "SELECT count(*) AS issued, count(settledAtMs) AS paid FROM invoices",
      )
      .get();
    return counts ?? { issued: 0, paid: 0 };
  }

  /** All msats of all nodes: changes only when a node is made. */
  totalMsats(): number {
    const sum = this.db
      .query<{ total: number }, []>("SELECT sum(balance_msats) AS total FROM nodes")
      .get();
    return sum?.total ?? 0;
  }

  /**
   * Calls back, inside the caller's transaction, after each payment; a listener that acts on it waits
   * until that has committed. @returns unsubscribe.
   */
  onSettled(callback: (paymentHash: string) => void): () => void {
    this.#settled.add(callback);
    return () => this.#settled.delete(callback);
  }

  #move(name: string, msats: number): void {
    this.db
      .query("UPDATE nodes SET balance_msats = balance_msats + $msats WHERE name = $name")
      .run({ name, msats });
  }

  #node(name: string): LightningNode & { secret: string; balance_msats: number } {
    const node = this.db
      .query<LightningNode & { secret: string; balance_msats: number }, [string]>(
        "SELECT * FROM nodes WHERE name = ?",
      )
      .get(name);
    if (node === null) throw new RangeError(`no node ${name}`);
    return node;
  }
}

function requireWithin(what: string, value: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return;
  throw new LightningError("malformed", `${what} must be a whole number from 1 to ${max}`);
}
