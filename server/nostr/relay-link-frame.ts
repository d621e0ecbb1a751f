import type { Event } from "nostr-tools/core";

/** Far above what relays send of the kinds that are asked for here. */
export const maxFrameChars = 256 * 1024;
const maxReasonChars = 200;

/** A message of a relay (NIP-01), empty where the frame is none. Never throws. */
export function parseFrame(frame: string): unknown[] {
  try {
    const message: unknown = JSON.parse(frame);
    return Array.isArray(message) ? message : [];
  } catch {
    return [];
  }
}

/** Whether it has the fields that a filter compares; not whether anybody signed it. */
export function isCandidate(value: unknown): value is Event {
  if (typeof value !== "object" || value === null) return false;
  const { id, pubkey, kind, created_at, tags } = value as Record<string, unknown>;
  return (
    typeof id === "string" &&
    typeof pubkey === "string" &&
    Number.isSafeInteger(kind) &&
    Number.isSafeInteger(created_at) &&
    Array.isArray(tags) &&
    tags.every((tag) => Array.isArray(tag))
  );
}

/**
 * A relay's reason, fit to be shown: strangers choose the text, people and terminals read it.
 * @returns at most 200 characters, none of them control or formatting
 */
export function printable(reason: unknown): string {
  if (typeof reason !== "string") return "";
  const clean = reason.slice(0, 4 * maxReasonChars).replace(/[\p{C}\s]+/gu, " ");
  return clean.trim().slice(0, maxReasonChars).toWellFormed();
}
