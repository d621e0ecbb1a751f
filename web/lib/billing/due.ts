/** What an open invoice means for its relays, and what happens to it next. */
import { attentionOf } from "../../../machines/attention.ts";
import { meaningOf } from "../../../machines/describe.ts";
import { machines } from "../../../machines/index.ts";
import { refusalOf } from "../../../machines/invoice/refusal.ts";
import type { InvoiceReplica, Live } from "../live/live.ts";
import type { Tone } from "../words/tone.ts";

/** A sentence before and after a time (epoch ms); `at` null is a sentence alone. */
export type Deadline = { before: string; at: number | null; after: string; tone: Tone };

const plain = (before: string, tone: Tone = "waiting"): Deadline => ({
  before,
  at: null,
  after: "",
  tone,
});

/** Until when it is to be paid, and what comes after. */
export function deadlineOf(invoice: InvoiceReplica, live: Pick<Live, "relay">): Deadline {
  const { purpose, closesAt } = invoice.context;
  if (attentionOf(invoice)) return plain(meaningOf(machines.invoice, invoice.value));
  if (purpose === "renewal") return renewalDeadline(invoice, live);
  if (closesAt === null) return plain(meaningOf(machines.invoice, invoice.value));
  switch (purpose) {
    case "purchase":
      return {
        before: "The name is kept for you until",
        at: closesAt,
        after: "",
        tone: "waiting",
      };
    case "upgrade":
      return { before: "You can take it until", at: closesAt, after: "", tone: "waiting" };
    case "reactivation":
      return {
        before: "It comes back when you pay. You can until",
        at: closesAt,
        after: "",
        tone: "suspended",
      };
    case "past_due": {
      const [is, it] = invoice.context.items.length === 1 ? ["is", "It"] : ["are", "They"];
      return {
        before: `${it} ${is} suspended, and back as soon as you pay. You can until`,
        at: closesAt,
        after: "",
        tone: "suspended",
      };
    }
  }
}

function renewalDeadline({ context }: InvoiceReplica, live: Pick<Live, "relay">): Deadline {
  const relays = context.items.flatMap(({ relay }) => live.relay(relay) ?? []);
  const [it, keeps] = relays.length === 1 ? ["It", "keeps"] : ["They", "keep"];
  const ends = relays.flatMap(({ context: c }) => c.graceEnds ?? []);
  if (ends.length > 0)
    return {
      before: `${it} ${keeps} running until`,
      at: Math.min(...ends),
      after: "After that: suspended, and nothing is deleted",
      tone: "grace",
    };
  return plain("Your Lightning invoice is being made.");
}

/** What the connected wallet has to do with an invoice; null where nothing. */
export function chargeOf({ context: c }: InvoiceReplica): Deadline | null {
  const said = refusalOf(c)?.words ?? null;
  if (c.chargeAt === null)
    return said === null
      ? null
      : plain(`Your wallet did not pay: ${said}. It is not asked again.`, "grace");
  const before =
    said === null
      ? "Your wallet is asked to pay"
      : `Your wallet did not pay: ${said}. We ask it again`;
  return { before, at: c.chargeAt, after: "", tone: said === null ? "harbour" : "grace" };
}
