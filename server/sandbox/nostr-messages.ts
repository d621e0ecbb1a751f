import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import type { Event } from "nostr-tools/core";
import type { Filter } from "nostr-tools/filter";
import { getEventHash, verifyEvent } from "nostr-tools/pure";

const Hex32 = Type.RegExp(/^[0-9a-f]{64}$/);
const Kind = Type.Integer({ minimum: 0, maximum: 65535 });
const UnixSeconds = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const MAX_FILTER_VALUES = 1000;
const listOf = <T extends TSchema>(item: T) => Type.Array(item, { maxItems: MAX_FILTER_VALUES });

const EventShape = Type.Object({
  id: Hex32,
  pubkey: Hex32,
  created_at: UnixSeconds,
  kind: Kind,
  tags: Type.Array(Type.Array(Type.String()), { maxItems: 2000 }),
  content: Type.String(),
  sig: Type.RegExp(/^[0-9a-f]{128}$/),
});

const FilterShape = Type.Object({
  ids: Type.Optional(listOf(Hex32)),
  authors: Type.Optional(listOf(Hex32)),
  kinds: Type.Optional(listOf(Kind)),
  since: Type.Optional(UnixSeconds),
  until: Type.Optional(UnixSeconds),
  limit: Type.Optional(UnixSeconds),
});
const TagFilter = listOf(Type.String());

/** Bounds of one connection, told in NIP-11 `limitation`. */
export const MAX_SUBSCRIPTIONS = 256;
export const MAX_FILTERS = 10;
export const MAX_SUBID_LENGTH = 64;

/** A client's message, or why it is none, with the id its refusal must name (NIP-01). */
export type ClientMessage =
  | { type: "EVENT"; event: Event }
  | { type: "AUTH"; event: Event }
  | { type: "REQ"; id: string; filters: Filter[] }
  | { type: "CLOSE"; id: string }
  | { type: "refused"; answer: (string | boolean)[] };

const refused = (...answer: (string | boolean)[]): ClientMessage => ({ type: "refused", answer });

/** Reads one frame from a client. Events come out with their id and signature verified. Never throws. */
export function readMessage(frame: string): ClientMessage {
  let message: unknown;
  try {
    message = JSON.parse(frame);
  } catch {
    return refused("NOTICE", "invalid: not JSON");
  }
  if (!Array.isArray(message)) return refused("NOTICE", "invalid: not an array");
  const [type, subject, ...rest]: unknown[] = message;
  if (type === "EVENT" || type === "AUTH") return readEvent(type, subject);
  if (type !== "REQ" && type !== "CLOSE") return refused("NOTICE", "unsupported: unknown message");
  if (typeof subject !== "string" || subject === "" || subject.length > MAX_SUBID_LENGTH) {
    return refused(
      "NOTICE",
      `invalid: subscription id must be 1 to ${MAX_SUBID_LENGTH} characters`,
    );
  }
  return type === "CLOSE" ? { type, id: subject } : readFilters(subject, rest);
}

function readEvent(type: "EVENT" | "AUTH", value: unknown): ClientMessage {
  if (!Value.Check(EventShape, value)) {
    const id = named(value);
    return id === null
      ? refused("NOTICE", "invalid: not an event")
      : refusedEvent(id, "invalid: malformed event");
  }
  // Copied field by field: what else was sent is not part of the signed event.
  const { id, pubkey, created_at, kind, tags, content, sig } = value;
  const event: Event = { id, pubkey, created_at, kind, tags, content, sig };
  if (getEventHash(event) !== id) return refusedEvent(id, "invalid: event id does not match");
  if (!verifyEvent(event)) return refusedEvent(id, "invalid: bad signature");
  return { type, event };
}

const refusedEvent = (id: string, reason: string) => refused("OK", id, false, reason);

function readFilters(id: string, values: unknown[]): ClientMessage {
  if (values.length === 0 || values.length > MAX_FILTERS) {
    return refused("CLOSED", id, `invalid: 1 to ${MAX_FILTERS} filters`);
  }
  if (!values.every(isFilter)) return refused("CLOSED", id, "invalid: malformed filter");
  return { type: "REQ", id, filters: values };
}

function isFilter(value: unknown): value is Static<typeof FilterShape> {
  if (!Value.Check(FilterShape, value)) return false;
  return Object.entries(value).every(
    ([key, list]) => key[0] !== "#" || Value.Check(TagFilter, list),
  );
}

function named(value: unknown): string | null {
  if (typeof value !== "object" || value === null || !("id" in value)) return null;
  return typeof value.id === "string" && value.id.length <= 64 ? value.id : null;
}
