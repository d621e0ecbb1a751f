import type { Event } from "nostr-tools/core";
import { verifyEvent } from "nostr-tools/pure";

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

/**
 * Whether it is an event and its author signed it. Only for what JSON.parse gave: a copied object may
 * carry the mark by which nostr-tools takes it for verified, whatever was changed.
 */
export function isGenuine(value: unknown): value is Event {
  if (typeof value !== "object" || value === null) return false;
  const event = value as Event;
  return Number.isSafeInteger(event.created_at) && verifyEvent(event);
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
