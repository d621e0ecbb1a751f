/** The shapes of the API, one schema each. Names as in the database, times in unix seconds, sats. */
import { Type } from "@sinclair/typebox";
import { type Static, type TSchema, t } from "elysia";
import { DESCRIPTION_MAX, NAME_MAX, SUBDOMAIN_MAX, SUBDOMAIN_MIN } from "../../machines/names.ts";

/** Not t.UnionEnum, which gives a property that is left out its first value. */
export const literals = <const T extends string | null>(...values: T[]) =>
  t.Unsafe<T>(
    t.Union(
      values.map((value) => (value === null ? t.Null() : t.Literal(value))),
      { description: `one of ${values.join(", ")}` },
    ),
  );
export const nullable = <T extends TSchema>(schema: T) => t.Union([schema, t.Null()]);
/** Not t.Integer, which takes text for a number. */
export const integer = Type.Integer;
/** A whole number of the query, where everything is text. */
const wholeNumber = (pattern: string, description: string) =>
  t.Transform(t.String({ pattern, description })).Decode(Number).Encode(String);

const planId = literals("free", "basic", "growth");
const relayStatus = literals(
  "pending",
  "provisioning",
  "active",
  "grace",
  "suspended",
  "deactivated",
);
const cause = literals("nonpayment", "admin", "owner", "lapsed", null);
const invoiceStatus = literals("pending", "paid", "expired", "void");

export const problem = t.Object(
  {
    type: t.String(),
    title: t.String(),
    status: integer(),
    code: t.String({ description: "Stable and machine-readable." }),
    detail: t.String(),
    errors: t.Optional(t.Array(t.Object({ field: t.String(), message: t.String() }))),
    id: t.Optional(t.String()),
  },
  { description: "RFC 9457 problem document, sent as application/problem+json." },
);
/** A problem, where a route gives it with these codes: for who reads the documentation. */
export const refusal = (...codes: string[]) =>
  t.Object(problem.properties, { description: codes.map((code) => `\`${code}\``).join(", ") });

export const plan = t.Object({
  id: planId,
  name: t.String(),
  price: integer({ description: "sats a month" }),
  member_limit: nullable(integer()),
  blossom: t.Boolean(),
  livekit: t.Boolean(),
  available: t.Boolean({ description: "whether it can be ordered here now" }),
});

export const operator = t.Object(
  {
    name: nullable(t.String()),
    contact: nullable(t.String({ description: "an npub or an e-mail address" })),
    links: t.Object({
      terms: t.Optional(t.String()),
      privacy: t.Optional(t.String()),
      status: t.Optional(t.String()),
      source: t.Optional(t.String()),
    }),
  },
  { description: "who runs this Berth; null and left out where the operator does not say" },
);

export const tenant = t.Object({
  pubkey: t.String(),
  status: literals("active", "suspended"),
  anchor: nullable(integer({ description: "day and time to which periods align" })),
  credit: integer({ description: "sats" }),
  refund: nullable(
    t.Object(
      { amount: integer({ description: "sats" }), bolt11: t.String() },
      { description: "a refund under way: set aside of the credit, and to be paid to this bolt11" },
    ),
  ),
  wallet: literals("none", "connected", "broken"),
  created_at: integer(),
});

export const relay = t.Object({
  id: t.String(),
  tenant: t.String(),
  name: t.String(),
  subdomain: t.String(),
  schema: t.String(),
  description: t.String(),
  icon: t.String(),
  plan: planId,
  price: integer({ description: "the price agreed, sats a month" }),
  status: relayStatus,
  cause,
  url: t.String(),
  paid_through: nullable(integer()),
  grace_ends: nullable(integer({ description: "when it is suspended unless it is paid" })),
  next_plan: nullable(
    t.Object(
      {
        plan: planId,
        at: nullable(integer({ description: "null: once the invoice that bills it is paid" })),
      },
      { description: "a change of plan that is scheduled" },
    ),
  ),
  open_invoice: nullable(t.String({ description: "the invoice that bills it now" })),
  created_at: integer(),
  archived_at: nullable(integer({ description: "since when it is out of the list" })),
  problem: nullable(
    t.Object(
      { code: t.String(), attempts: integer() },
      { description: "What keeps the relay server from showing what is wanted; it is retried." },
    ),
  ),
});
export type Relay = Static<typeof relay>;

export const invoiceItem = t.Object({
  id: t.String(),
  invoice: t.String(),
  relay: t.String(),
  amount: integer(),
  period_start: integer({ description: "an estimate until the relay is active" }),
  period_end: integer(),
  kind: literals("purchase", "upgrade", "renewal", "reactivation"),
  used: integer({
    description:
      "seconds of the length paid for that the relay ran unpaid before: they are missing at the end",
  }),
  outcome: literals("open", "applied", "credited", "withdrawn"),
});

export const invoice = t.Object({
  id: t.String(),
  tenant: t.String(),
  purpose: literals("purchase", "upgrade", "renewal", "reactivation", "past_due"),
  amount: integer({ description: "sats" }),
  credit: integer({ description: "how much of the amount the tenant's credit pays" }),
  status: invoiceStatus,
  created_at: integer(),
  closes_at: nullable(integer()),
  paid_at: nullable(integer()),
  invoice: nullable(t.String({ description: "the current bolt11, null until issued" })),
  expires_at: nullable(integer()),
  payment_hash: nullable(t.String()),
  preimage: nullable(t.String()),
  receipt_number: nullable(
    integer({
      description: "which of your receipts it is, from 1 without gaps; null before it is paid",
    }),
  ),
  items: t.Array(invoiceItem),
});
export type Invoice = Static<typeof invoice>;

export const ordered = t.Object({ relay, invoice: nullable(invoice) });
export const listOf = <T extends TSchema>(item: T) =>
  t.Object({ items: t.Array(item), total: integer() });

const name = t.String({
  minLength: 1,
  maxLength: NAME_MAX,
  description: `1–${NAME_MAX} characters on one line, without control or direction marks`,
});
const description = t.String({
  maxLength: DESCRIPTION_MAX,
  description: `at most ${DESCRIPTION_MAX} characters, without control or direction marks`,
});
/** Bounds only: what is a name and what is not, the command says, with a code of its own. */
const subdomain = t.String({
  maxLength: 253,
  description: `an RFC 1123 label of ${SUBDOMAIN_MIN}–${SUBDOMAIN_MAX} lower-case characters`,
});

export const createRelay = t.Object(
  { name, subdomain, description: t.Optional(description), plan: planId },
  { additionalProperties: false },
);
export const updateRelay = t.Partial(t.Object({ name, subdomain, description, plan: planId }), {
  additionalProperties: false,
});

export const page = {
  q: t.Optional(t.String({ maxLength: 100, description: "at most 100 characters" })),
  limit: t.Optional(
    wholeNumber("^(?:[1-9][0-9]?|100)$", "a whole number from 1 to 100; 50 when left out"),
  ),
  offset: t.Optional(
    wholeNumber("^(?:0|[1-9][0-9]{0,5}|1000000)$", "a whole number from 0 to 1000000"),
  ),
};
export const relayQuery = t.Object(
  {
    ...page,
    status: t.Optional(relayStatus),
    plan: t.Optional(planId),
    archived: t.Optional(literals("true", "false")),
  },
  { additionalProperties: false },
);
export const invoiceQuery = t.Object(
  { ...page, status: t.Optional(invoiceStatus) },
  { additionalProperties: false },
);
/** For the documentation; the command says what is wrong with a key. */
export const idempotencyKey = t.Object({
  "idempotency-key": t.Optional(
    t.String({
      description:
        "1–200 printable characters of your own; the same request under the same key is done once, and answered as the first time",
    }),
  ),
});
export const lastEventId = t.Object({
  "last-event-id": t.Optional(
    t.String({ description: "the last id you saw; what has happened since comes first" }),
  ),
});
export const idParam = t.Object({ id: t.String({ maxLength: 64 }) });

/** What may be wrong with any act of the operator: its reason, or its Idempotency-Key. */
export const ACT_REFUSALS = ["unsafe_text", "idempotency_key_reused"] as const;
export const reason = t.String({
  minLength: 3,
  maxLength: 500,
  description: "why, in 3–500 characters; it is kept in the journal",
});
export const quoteRequest = t.Object({ plan: planId }, { additionalProperties: false });
export const quote = t.Object({
  change: literals(
    "none",
    "cancel",
    "purchase",
    "upgrade",
    "downgrade",
    "renewal",
    "reactivation",
    "free",
  ),
  plan: planId,
  amount: integer({ description: "sats, before credit" }),
  applies: literals("now", "when_paid", "at_period_end"),
  at: nullable(integer()),
  period_start: nullable(integer()),
  period_end: nullable(integer()),
  used: integer({
    description: "seconds that the relay ran unpaid: already taken off `period_end`",
  }),
  switches_off: t.Array(t.String()),
});
/** The body may be left out: the plan stays. */
export const reactivateRequest = t.Optional(
  t.Object({ plan: t.Optional(planId) }, { additionalProperties: false }),
);
export const walletRequest = t.Object(
  {
    nwc_url: nullable(
      t.String({ maxLength: 2000, description: "nostr+walletconnect://…, or null to clear it" }),
    ),
  },
  { additionalProperties: false },
);
export const billing = t.Object({
  wallet: literals("none", "connected", "broken"),
  monthly: integer({ description: "sats a month of all paid relays that run" }),
  needed_budget: nullable(
    integer({ description: "sats a month, fees included, to renew them; null for nothing" }),
  ),
  warnings: t.Array(
    t.Object({
      code: t.String(),
      detail: t.String(),
      needed_budget: nullable(integer({ description: "sats a month" })),
    }),
  ),
});
export const notice = t.Object({
  id: t.String(),
  invoice: t.String(),
  stage: t.String(),
  status: literals("queued", "delivered", "refused", "no_inbox", "missed"),
  subject: nullable(t.String()),
  text: nullable(t.String()),
  relays: t.Array(t.String()),
  created_at: integer(),
  sent_at: nullable(integer()),
});
export const noticeQuery = t.Object(
  {
    status: t.Optional(literals("queued", "delivered", "refused", "no_inbox", "missed")),
    limit: page.limit,
    offset: page.offset,
  },
  { additionalProperties: false },
);
export const statement = t.Object({
  received: integer({ description: "sats, as are all" }),
  granted: integer(),
  applied: integer(),
  credit: integer(),
  held: integer({ description: "the part of credit that open invoices hold" }),
  refunded: integer(),
});
export const forecastEvent = t.Union([
  t.Object({
    at: integer(),
    what: t.Literal("invoice"),
    invoice: t.String(),
    amount: integer(),
    relays: t.Array(t.String()),
  }),
  t.Object({
    ...{ at: integer(), what: t.Literal("charge"), invoice: t.String(), amount: integer() },
    doubt: nullable(t.String({ description: "the wallet refused this one, by this code" })),
  }),
  t.Object({ at: integer(), what: t.Literal("notice"), invoice: t.String(), stage: t.String() }),
  t.Object({ at: integer(), what: t.Literal("relay"), relay: t.String(), status: t.String() }),
]);
export const historyQuery = t.Object(
  { limit: page.limit, offset: page.offset },
  { additionalProperties: false },
);
export const historyEntry = t.Object({
  at: integer(),
  what: t.String({ description: "in words; dates in it are UTC" }),
  by: literals("owner", "operator", null),
  status: relayStatus,
  cause,
  plan: planId,
  paid_through: nullable(integer()),
});
export const profile = t.Object({
  is_configured: t.Boolean({ description: "whether Berth knows relays to look on" }),
  name: nullable(t.String()),
  about: nullable(t.String()),
  picture: nullable(t.String({ description: "show it by way of /images" })),
  nip05: nullable(t.String({ description: "as claimed, not verified" })),
  relays: nullable(t.Array(t.String(), { description: "kind 10002" })),
  inbox_relays: nullable(t.Array(t.String(), { description: "kind 10050" })),
  published_at: t.Object(
    {
      profile: nullable(integer()),
      relays: nullable(integer()),
      inbox_relays: nullable(integer()),
    },
    { description: "of each event; only a later one replaces it" },
  ),
});
const hex = (digits: number) =>
  t.String({ pattern: `^[0-9a-f]{${digits}}$`, description: `${digits} lower-case hex` });
/** Bounds only: what may be published, and by whom, is said with codes of its own. */
export const publishRequest = t.Object(
  {
    event: t.Object(
      {
        id: hex(64),
        pubkey: hex(64),
        created_at: integer({ minimum: 0, description: "unix seconds" }),
        kind: integer({ minimum: 0, maximum: 65_535, description: "0, 10002 or 10050" }),
        tags: t.Array(t.Array(t.String()), { description: "lists of texts" }),
        content: t.String({ description: "text" }),
        sig: hex(128),
      },
      {
        additionalProperties: false,
        description: "a signed event (NIP-01), and nothing beside it",
      },
    ),
  },
  { additionalProperties: false },
);
export const published = t.Object({
  relays: t.Array(
    t.Object({
      url: t.String(),
      accepted: t.Boolean(),
      reason: nullable(t.String({ description: "why not, in the relay's words" })),
    }),
  ),
});
export const why = t.Object({
  status: t.String(),
  meaning: t.String(),
  since: integer(),
  because: t.Array(t.Object({ at: integer(), what: t.String(), by: nullable(t.String()) })),
  next: t.Array(t.Object({ at: integer(), what: t.String() })),
});
