import type { Event } from "nostr-tools/core";
import { AppError } from "../errors.ts";
import { eventIdOf } from "./event.ts";
import { PROFILE_KINDS } from "./profile.ts";
import { schnorr } from "./signatures.ts";

/** People take their time over a signer's prompt, on another device. */
const AGE_MAX_MS = 3_600_000;
/** Clocks differ; what lies further ahead would not be replaced for as long. */
const AHEAD_MAX_MS = 600_000;

/**
 * That an event is one that its author may publish through us: a profile, relay list or inbox, of now,
 * and truly signed by whoever asks.
 *
 * Id and signature are computed from the fields alone: nostr-tools takes an object that bears its mark
 * for verified, whatever was changed of it since.
 *
 * @param event - its fields of the right types, hex in lower case
 * @param asked.nowMs - real time, as of all Nostr events
 * @throws AppError 422 `kind_not_published`, `event_invalid`; 403 `not_your_event`
 * @see NIP-01
 */
export function assertPublishable(event: Event, asked: { pubkey: string; nowMs: number }): void {
  const { id, sig, pubkey, kind, created_at } = event;
  if (!PROFILE_KINDS.includes(kind))
    throw new AppError(
      "kind_not_published",
      422,
      `only kinds ${PROFILE_KINDS.join(", ")} are published here`,
      { field: "event.kind" },
    );
  if (pubkey !== asked.pubkey)
    throw new AppError(
      "not_your_event",
      403,
      "sign the event with the key that signs the request",
      {
        field: "event.pubkey",
      },
    );
  const aheadMs = created_at * 1000 - asked.nowMs;
  if (aheadMs > AHEAD_MAX_MS || aheadMs < -AGE_MAX_MS)
    throw invalid("created_at", "sign it anew: it must be of the last hour, by the real time");
  if (eventIdOf(event) !== id) throw invalid("id", "this is not the hash of the event's fields");
  if (!schnorr().verify(sig, id, pubkey))
    throw invalid("sig", "this is not the author's signature of the event's id");
}

const invalid = (field: string, message: string): AppError =>
  new AppError("event_invalid", 422, message, { field: `event.${field}` });
