import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { AppError, Unavailable } from "../errors.ts";
import { WALLET_HABITS } from "./wallet-habits.ts";

const oneOf = <const T extends string>(...values: T[]) =>
  Type.Union(values.map((value) => Type.Literal(value)));
const strict = { additionalProperties: false };

const WALLET_FAULT = oneOf("ok", "down", "silent", "empty", "quota", "unauthorized");
const OK_OR_DOWN = oneOf("ok", "down");
const HABITS = Type.Array(oneOf(...WALLET_HABITS), { uniqueItems: true });

/** Body of POST /faults: any subset. `wiped` is an act, zooid's state reads `ok` after it. */
export const FaultChange = Type.Partial(
  Type.Object({
    wallet: oneOf("ok", "down", "silent"),
    tenant_wallet: WALLET_FAULT,
    zooid: oneOf("ok", "down", "wiped"),
    relay: OK_OR_DOWN,
    /** How the receiving wallet differs from NIP-47's text. */
    wallet_habits: HABITS,
    tenant_wallet_habits: HABITS,
  }),
  strict,
);
export type FaultChange = Static<typeof FaultChange>;

/** Body of POST /clock, one of the two: hold logical time at an epoch ms, or let it flow again. */
export const ClockChange = Type.Partial(
  Type.Object({
    pin_ms: Type.Integer({ minimum: 0, maximum: 8.64e15 }),
    release: Type.Literal(true),
  }),
  strict,
);
export type ClockChange = Static<typeof ClockChange>;

/** Body of POST /pay. */
export const PayOrder = Type.Object({ bolt11: Type.String() }, strict);

/** Logical time (epoch ms) and how far it was ahead of real time when it last began to flow. */
export const WorldTime = Type.Object({ now: Type.Integer(), offset_ms: Type.Integer() });
export type WorldTime = Static<typeof WorldTime>;

/** What GET /state says. Balances are whole sats, rounded down. */
export const WorldState = Type.Object({
  now: Type.Integer(),
  offset_ms: Type.Integer(),
  faults: Type.Object({
    wallet: WALLET_FAULT,
    tenant_wallet: WALLET_FAULT,
    zooid: OK_OR_DOWN,
    relay: OK_OR_DOWN,
    wallet_habits: HABITS,
    tenant_wallet_habits: HABITS,
  }),
  receiving_balance_sats: Type.Integer(),
  tenant_balance_sats: Type.Integer(),
  /** How many virtual relays have a config in zooid. */
  relays: Type.Integer(),
  /** Why zooid died of a config, or null. */
  zooid_crashed: Type.Union([Type.String(), Type.Null()]),
  invoices: Type.Object({ issued: Type.Integer(), paid: Type.Integer() }),
});
export type WorldState = Static<typeof WorldState>;

/** A payment made by the tenant's node. Hash and preimage are 64 hex; fees come on top. */
export const WorldPayment = Type.Object({
  payment_hash: Type.String(),
  preimage: Type.String(),
  amount_sats: Type.Integer(),
});
export type WorldPayment = Static<typeof WorldPayment>;

const Problem = Type.Object({
  error: Type.String(),
  message: Type.String(),
  field: Type.Optional(Type.String()),
});

/** The control interface of a world, from outside its process. */
export type WorldControl = {
  state(): Promise<WorldState>;
  /** Holds logical time. @throws {AppError} clock_backwards when that would move it back. */
  pin(atMs: number): Promise<WorldTime>;
  /** Lets logical time flow again; the offset is the one to start the next clock with. */
  release(): Promise<WorldTime>;
  /** @throws {AppError} malformed, naming the field; nothing has changed then. */
  faults(change: FaultChange): Promise<WorldState>;
  /** @throws {AppError} malformed, unknown, expired, already_paid, insufficient_balance. */
  pay(bolt11: string): Promise<WorldPayment>;
};

/**
 * Client of a world's control interface. Every method throws {@link Unavailable} when the world is
 * gone or answers nonsense, and {@link AppError} with the world's code when it refuses.
 */
export function worldControl(controlUrl: string, token: string): WorldControl {
  async function call<T extends TSchema>(
    path: string,
    shape: T,
    body?: object,
  ): Promise<Static<T>> {
    const { status, answer } = await fetchJson(`${controlUrl}${path}`, token, body);
    if (status === 200 && Value.Check(shape, answer)) return answer;
    if (isRefusal(status) && Value.Check(Problem, answer)) {
      const { error, message, field } = answer;
      throw new AppError(error, status, message, field === undefined ? {} : { field });
    }
    throw new Unavailable("world_unreachable", `the world answered ${status}`);
  }
  return {
    state: () => call("/state", WorldState),
    pin: (atMs) => call("/clock", WorldTime, { pin_ms: atMs }),
    release: () => call("/clock", WorldTime, { release: true }),
    faults: (change) => call("/faults", WorldState, change),
    pay: (bolt11) => call("/pay", WorldPayment, { bolt11 }),
  };
}

async function fetchJson(
  url: string,
  token: string,
  body: object | undefined,
): Promise<{ status: number; answer: unknown }> {
  const headers = { authorization: `Bearer ${token}` };
  const request = body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers };
  try {
    const response = await fetch(url, request);
    return { status: response.status, answer: await response.json() };
  } catch (cause) {
    throw new Unavailable("world_unreachable", "the world cannot be reached", { cause });
  }
}

const REFUSALS = [400, 401, 404, 409, 413, 422] as const;
const isRefusal = (status: number): status is (typeof REFUSALS)[number] =>
  REFUSALS.some((refusal) => refusal === status);
