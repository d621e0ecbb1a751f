/**
 * What a machine says to the host. A machine does nothing itself: `remote` work, `tell`, `create`
 * and `post` are data that the host stores in the same transaction as the next snapshot.
 */
import { fromPromise } from "xstate";

let pinnedAtMs: number | null = null;

/** Runs `decide` with logical time pinned to `atMs`. Only the host, replay and tests call it. */
export function at<T>(atMs: number, decide: () => T): T {
  const before = pinnedAtMs;
  pinnedAtMs = atMs;
  try {
    return decide();
  } finally {
    pinnedAtMs = before;
  }
}

/** Logical now, epoch ms. @throws outside a transition, where no time is pinned. */
export function now(): number {
  if (pinnedAtMs === null) throw new Error("now() is only known inside a transition");
  return pinnedAtMs;
}

/** The delay of a deadline that is not set. */
export const NEVER = Number.MAX_SAFE_INTEGER;

/** A named delay that is a deadline in context (epoch ms); null means not armed. */
export const until =
  <C>(deadline: (context: C) => number | null) =>
  ({ context }: { context: C }): number => {
    const dueAt = deadline(context);
    return dueAt === null ? NEVER : dueAt - now();
  };

/** Work that a state waits for. The host runs it from the outbox; in a live actor it never settles. */
export const remote = <Output, Input>() =>
  fromPromise<Output, Input>(() => new Promise<Output>(() => {}));

/** A message to another actor of the same tenant. `sats` is what moves with it, sender to receiver. */
export type Tell = { to: string; event: { type: string }; sats?: number };
/**
 * A new actor of the same tenant. `sats` is what it is given to hold. With `once`, one that exists
 * already is left alone; otherwise that is a defect.
 */
export type Create = { id: string; machine: string; input: unknown; sats?: number; once?: true };
/** A fact beside the snapshot: a line of the ledger, what became of a bolt11, who came and went. */
export type Post =
  | { fact: "ledger"; from: string; to: string; sats: number; why: string }
  | {
      fact: "bolt11";
      paymentHash: string;
      bolt11: string;
      sats: number;
      wallet: string;
      issuedAt: number;
      expiresAt: number;
    }
  | {
      fact: "attempt";
      /** `<invoice>.<n>` */
      id: string;
      paymentHash: string;
      state: "created" | "sent" | "settled" | "rejected" | "unknown";
      code: string | null;
      at: number;
    }
  | {
      fact: "settlement";
      paymentHash: string;
      sats: number;
      preimage: string | null;
      settledAt: number;
    }
  /** What became of an errand to zooid; `code` where it was refused. */
  | {
      fact: "errand";
      n: number;
      act: "allow" | "unallow" | "ban" | "unban";
      pubkey: string;
      code: string | null;
    }
  /** Somebody was let in from the waiting list; `n` is the errand that tells zooid. */
  | { fact: "admitted"; pubkey: string; n: number; by: string | null; invite: string | null }
  /** What was seen of somebody in zooid. `since` is when they joined, epoch ms. */
  | {
      fact: "person";
      pubkey: string;
      is: "came" | "gone" | "restored" | "banned" | "unbanned";
      since: number | null;
    };

/**
 * Where an actor is: its kind and its id. What it `hears` and what it `keeps` are known to the compiler
 * alone, so that a misspelt event does not compile and a stored snapshot is read as what it is.
 */
export type Address<Hears, Keeps> = string & {
  readonly [about]: { hears: Hears; keeps: Keeps };
};
declare const about: unique symbol;

/** What may be sent to an address. Of a plain string nothing is known. */
export type Heard<A> =
  A extends Address<infer Hears extends { type: string }, infer _> ? Hears : { type: string };
/** What the actor at an address keeps. */
export type Kept<A> = A extends Address<infer _, infer Keeps> ? Keeps : unknown;

type Some<T> = T | readonly T[];

/** The three outputs, declared once for every `setup({ actions })`. */
export const outputs = {
  tell: (_: unknown, _tell: Some<Tell>): void => {},
  create: (_: unknown, _create: Some<Create>): void => {},
  post: (_: unknown, _post: Some<Post>): void => {},
};
