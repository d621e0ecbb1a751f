import { statusOf } from "../machines/describe.ts";
import { plans } from "../machines/plans.ts";
import type { RelayContext } from "../machines/relay/context.ts";
import { sats } from "./notices/words.ts";
import { toSeconds } from "./projections/seconds.ts";

/** Events of a relay in words; what is not here did not change its status by itself. */
const EVENTS: Record<string, string> = {
  "host.created": "it was ordered",
  EXTENDED: "it was paid for, or its dates or plan changed",
  BILLED: "a renewal that can be paid was issued",
  UNBILLED: "that renewal was withdrawn",
  LAPSED: "its reservation was not paid in time",
  REOPEN: "its owner brought it back",
  HOLD: "the account was suspended",
  RELEASE: "the account's suspension was lifted",
  EDIT: "its owner edited it",
  DEACTIVATE: "its owner deactivated it",
  ARCHIVE: "its owner moved it to the archive",
  UNARCHIVE: "its owner took it out of the archive",
  "admin.suspend": "the operator suspended it",
  "admin.unsuspend": "the operator lifted its suspension",
  "admin.deactivate": "the operator deactivated it",
};

/** What led on from a state, in a few words; null where it is of no interest. */
export function wordsOf(type: string): string | null {
  const known = EVENTS[type];
  if (known) return known;
  const deadline = deadlineOf(type);
  if (deadline === "paidThrough") return "what was paid ended";
  if (deadline === "graceEnds") return "its days of grace ended";
  if (/\.done\.actor\.apply$/.test(type)) return "the relay server confirmed it";
  if (/\.done\.actor\.ask$/.test(type)) return "our wallet said that nothing was paid";
  return null;
}

/** The deadline of which an alarm, or the event that it fires, tells; empty where it is none. */
export const deadlineOf = (name: string): string => /\.after\.(\w+)\./.exec(name)?.[1] ?? "";

/** A relay at one revision: its context and the whole of its state. */
export type Revision = { context: RelayContext; value: { status: unknown; zooid: unknown } };

/**
 * What one event made of a relay, in words for its owner; null where nobody would care. What changes
 * nothing at all is not in the journal.
 *
 * @param before - null at its creation
 */
export function changeInWords(
  type: string,
  before: Revision | null,
  after: Revision,
): string | null {
  if (before === null) return `it was ordered, on the ${plans[after.context.plan].name} plan`;
  const [was, is] = [before.context, after.context];
  if (type === "EDIT") return editInWords(was, is);
  if (type === "EXTENDED") return extensionInWords(was, is);
  if (type === "ADOPTED") return byAnotherClient(editInWords(was, is));
  if (/\.done\.actor\.apply$/.test(type)) return appliedInWords(before, after, wordsOf(type));
  // An answer that it is settled is not told: the payment itself is.
  if (/\.done\.actor\.ask$/.test(type) && statusOf(after.value) !== "suspended") return null;
  if (/\.error\.actor\.apply$/.test(type)) return "the relay server could not be told what it is";
  if (/\.error\.actor\.ask$/.test(type))
    return "our wallet could not be asked; nothing happens until it was";
  if (deadlineOf(type) === "lateAt") return "setting it up takes longer than usual";
  if (type === "admin.retry") return "the operator had it tried again";
  return wordsOf(type);
}

/** From one value to another, in words, for each field that differs. */
function editInWords(was: RelayContext, is: RelayContext): string | null {
  const changes: string[] = [];
  if (was.name !== is.name) changes.push(`its name changed from “${was.name}” to “${is.name}”`);
  if (was.subdomain !== is.subdomain)
    changes.push(`its subdomain changed from ${was.subdomain} to ${is.subdomain}`);
  if (was.description !== is.description) changes.push("its description changed");
  if (was.icon !== is.icon) changes.push("its icon changed");
  return changes.length === 0 ? null : changes.join("; ");
}

/** As RFC 3339 in UTC, to the second: whoever shows it knows the reader's zone. */
const instant = (atMs: number): string => new Date(atMs).toISOString().replace(/\.\d+Z$/, "Z");

function extensionInWords(was: RelayContext, is: RelayContext): string | null {
  const changes: string[] = [];
  if (was.plan !== is.plan)
    changes.push(`its plan changed from ${plans[was.plan].name} to ${plans[is.plan].name}`);
  else if (was.priceSats !== is.priceSats)
    changes.push(`its price changed from ${sats(was.priceSats)} to ${sats(is.priceSats)} a month`);
  if (!was.prepaid && is.prepaid)
    changes.push("it was paid for; what is paid begins when it is active");
  else if (is.paidThrough !== null && toSeconds(is.paidThrough) !== toSeconds(was.paidThrough ?? 0))
    changes.push(
      was.paidThrough === null
        ? `it is paid through ${instant(is.paidThrough)}`
        : `it is paid through ${instant(is.paidThrough)} instead of ${instant(was.paidThrough)}`,
    );
  return changes.length === 0 ? null : changes.join("; ");
}

/** @param confirmed - what is said where that was waited for */
function appliedInWords(
  before: Revision,
  after: Revision,
  confirmed: string | null,
): string | null {
  const [was, is] = [before.context, after.context];
  if (is.refused !== null) return "the relay server refused what it should hold";
  // It was told although it had confirmed all there was: it had lost it.
  if (was.applied >= was.wanted)
    return "the relay server did not hold it as it should, and was put right";
  const adopted = editInWords(was, is);
  if (statusOf(before.value) !== statusOf(after.value))
    return adopted === null ? confirmed : `${confirmed}; ${adopted}`;
  return byAnotherClient(adopted);
}

/** The owner, or somebody whom the owner lets manage it, changed it over NIP-86: nobody can tell who. */
const byAnotherClient = (changes: string | null): string | null =>
  changes === null ? null : `by another client, ${changes}`;
