import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import type { Clock } from "../clock.ts";
import { type LightningNetwork, MAX_EXPIRY_SECONDS, MAX_INVOICE_MSATS } from "./lightning.ts";
import {
  LightningError,
  type LightningNode,
  type LightningTransaction,
} from "./lightning-invoice.ts";
import { type Nip47Method, Nip47Refusal } from "./nip47.ts";
import type { Budget, Spending } from "./wallet-budget.ts";
import { inItsWords, type WalletHabit } from "./wallet-habits.ts";

/** One client's rights on a wallet. */
export type NwcConnection = {
  /** 64 hex: the public key of the secret in the connection's URL. */
  pubkey: string;
  methods: readonly Nip47Method[];
  /** Whether payment_received is told to it. */
  notifications: boolean;
  /** Limits pay_invoice; null is unlimited. */
  budget: Budget | null;
};

/** A limit that the wallet pretends, on pay_invoice, get_balance and get_budget. */
type Shortage = "empty" | "quota" | null;

/** What a method acts on: one connection of one wallet. */
export type MethodContext = {
  alias: string;
  node: LightningNode;
  network: LightningNetwork;
  clock: Clock;
  spending: Spending;
  connection: NwcConnection;
  shortage: Shortage;
  habits: ReadonlySet<WalletHabit>;
};

/** NIP-47: a wallet lists at most this many transactions at once. */
const MAX_TRANSACTIONS = 20;

const Hex32 = Type.RegExp(/^[0-9a-f]{64}$/);
const UnixSeconds = Type.Integer({ minimum: 0 });

/** Params of each method, as NIP-47 names them. Amounts are msats, times epoch seconds. */
const PARAMS = {
  pay_invoice: Type.Object({
    invoice: Type.String(),
    amount: Type.Optional(Type.Integer({ minimum: 1 })),
  }),
  make_invoice: Type.Object({
    amount: Type.Integer({ minimum: 1, maximum: MAX_INVOICE_MSATS }),
    description: Type.Optional(Type.String()),
    description_hash: Type.Optional(Hex32),
    expiry: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_EXPIRY_SECONDS })),
  }),
  lookup_invoice: Type.Object({
    payment_hash: Type.Optional(Type.String()),
    invoice: Type.Optional(Type.String()),
  }),
  list_transactions: Type.Object({
    from: Type.Optional(UnixSeconds),
    until: Type.Optional(UnixSeconds),
    limit: Type.Optional(Type.Integer({ minimum: 1 })),
    offset: Type.Optional(UnixSeconds),
    unpaid: Type.Optional(Type.Boolean()),
    type: Type.Optional(Type.Union([Type.Literal("incoming"), Type.Literal("outgoing")])),
  }),
};

/**
 * Carries out a method for a connection, without asking whether it was granted.
 *
 * @returns the NIP-47 result. @throws {Nip47Refusal} with the code the client is to be told.
 */
export function callMethod(context: MethodContext, method: Nip47Method, params: unknown): object {
  try {
    return METHODS[method](context, params ?? {});
  } catch (error) {
    throw error instanceof LightningError ? refusalOf(error) : error;
  }
}

const METHODS: Record<Nip47Method, (context: MethodContext, params: unknown) => object> = {
  pay_invoice(context, params) {
    const { network, node, clock, connection, spending, shortage } = context;
    const { invoice: bolt11, amount } = read(PARAMS.pay_invoice, params);
    const { invoice, feesMsats } = network.quote(bolt11);
    if (amount !== undefined && amount !== invoice.amountMsats) {
      throw new Nip47Refusal("OTHER", "the bolt11 has another amount");
    }
    if (shortage === "empty") throw new Nip47Refusal("INSUFFICIENT_BALANCE", "the wallet is empty");
    const costMsats = invoice.amountMsats + feesMsats;
    if (costMsats > budgetLeftMsats(context)) {
      throw new Nip47Refusal("QUOTA_EXCEEDED", "the connection's budget does not cover this");
    }
    const { preimage } = network.pay(node, bolt11);
    spending.add(connection.pubkey, costMsats, clock.now());
    return { preimage, fees_paid: feesMsats };
  },

  make_invoice({ network, node, habits }, params) {
    const ask = read(PARAMS.make_invoice, params);
    const invoice = network.makeInvoice(node, {
      amountMsats: ask.amount,
      description: ask.description,
      descriptionHash: ask.description_hash,
      expirySeconds: habits.has("short_expiry") ? Math.min(ask.expiry ?? 3_600, 3_600) : ask.expiry,
    });
    return describeTransaction(network, { ...invoice, type: "incoming" }, habits);
  },

  lookup_invoice({ network, node, habits }, params) {
    const { payment_hash, invoice: bolt11 } = read(PARAMS.lookup_invoice, params);
    if (payment_hash === undefined && bolt11 === undefined) {
      throw new Nip47Refusal("OTHER", "payment_hash or invoice is needed");
    }
    const notFound = new Nip47Refusal("NOT_FOUND", "the wallet knows no such invoice");
    try {
      const invoice = bolt11
        ? network.quote(bolt11).invoice
        : network.invoice(payment_hash?.toLowerCase() ?? "");
      if (invoice.payee === node.name) {
        return describeTransaction(network, { ...invoice, type: "incoming" }, habits);
      }
      if (invoice.payer !== node.name) throw notFound;
      return describeTransaction(network, { ...invoice, type: "outgoing" }, habits);
    } catch (error) {
      throw error instanceof LightningError && error.code === "unknown" ? notFound : error;
    }
  },

  list_transactions({ network, node, habits }, params) {
    const query = read(PARAMS.list_transactions, params);
    const { transactions, total } = network.transactions(node, {
      from: query.from ?? 0,
      until: query.until ?? Number.MAX_SAFE_INTEGER,
      limit: Math.min(query.limit ?? MAX_TRANSACTIONS, MAX_TRANSACTIONS),
      offset: query.offset ?? 0,
      unpaid: query.unpaid ?? false,
      type: query.type ?? null,
    });
    return {
      transactions: transactions.map((transaction) =>
        describeTransaction(network, transaction, habits),
      ),
      total_count: total,
    };
  },

  get_balance: ({ network, node, shortage }) => ({
    balance: shortage === "empty" ? 0 : network.balanceMsats(node),
  }),

  get_budget({ connection, spending, clock, shortage }) {
    if (connection.budget === null) return {};
    const state = spending.state(connection.pubkey, connection.budget, clock.now());
    return shortage === "quota" ? { ...state, used_budget: state.total_budget } : state;
  },

  get_info: ({ alias, node, connection }) => ({
    alias,
    color: "#f7931a",
    pubkey: node.pubkey,
    network: "regtest",
    block_height: 1,
    block_hash: REGTEST_GENESIS,
    methods: connection.methods,
    notifications: connection.notifications ? ["payment_received"] : [],
  }),
};

const REGTEST_GENESIS = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206";

/**
 * A transaction as NIP-47 shows it: msats, epoch seconds, the preimage only once it is settled; or as a
 * wallet with other habits does.
 */
export function describeTransaction(
  network: LightningNetwork,
  transaction: LightningTransaction,
  habits: ReadonlySet<WalletHabit>,
): object {
  const { type, bolt11, settledAtMs } = transaction;
  const settledAt = settledAtMs === null ? null : Math.floor(settledAtMs / 1000);
  const unsettled = network.isExpired(transaction) ? "expired" : "pending";
  const described = {
    type,
    state: settledAt === null ? unsettled : "settled",
    invoice: bolt11,
    description: transaction.description,
    ...(transaction.descriptionHash && { description_hash: transaction.descriptionHash }),
    payment_hash: transaction.paymentHash,
    amount: transaction.amountMsats,
    fees_paid: type === "outgoing" ? transaction.feesMsats : 0,
    created_at: type === "outgoing" ? settledAt : transaction.createdAt,
    expires_at: transaction.expiresAt,
    ...(settledAt !== null && { settled_at: settledAt, preimage: transaction.preimage }),
  };
  return inItsWords(described, transaction, habits);
}

function budgetLeftMsats({ connection, spending, clock, shortage }: MethodContext): number {
  if (shortage === "quota") return 0;
  if (connection.budget === null) return Number.POSITIVE_INFINITY;
  const state = spending.state(connection.pubkey, connection.budget, clock.now());
  return state.total_budget - state.used_budget;
}

function read<T extends TSchema>(schema: T, params: unknown): Static<T> {
  if (Value.Check(schema, params)) return params;
  const path = Value.Errors(schema, params).First()?.path.slice(1) ?? "";
  throw new Nip47Refusal("OTHER", `malformed params${path && `: ${path}`}`);
}

/** Lightning's refusals in NIP-47's words. */
function refusalOf({ code, message }: LightningError): Nip47Refusal {
  if (code === "malformed") return new Nip47Refusal("OTHER", message);
  if (code === "insufficient_balance") return new Nip47Refusal("INSUFFICIENT_BALANCE", message);
  return new Nip47Refusal("PAYMENT_FAILED", message);
}
