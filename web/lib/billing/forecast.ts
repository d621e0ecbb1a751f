/** The next 90 days in words: what the server foresees, gathered into what a person would note. */
import type { Static } from "elysia";
import type { forecastEvent } from "../../../server/routes/shapes.ts";
import { day, sats } from "../words/format.ts";
import type { Tone } from "../words/tone.ts";

export type Foreseen = Static<typeof forecastEvent>;
/** One entry of the timeline. `at` is epoch ms. */
export type Entry = { at: number; tone: Tone; text: string; notes: string[] };

type Words = {
  /** Names of relays, as a part of a sentence. */
  names: (relays: readonly string[]) => string;
  /** The relays of an invoice that there is already; null for an unknown one. */
  relaysOf: (invoice: string) => readonly string[] | null;
};

/** What a reminder says. */
const LEFT: Record<string, string> = {
  three_days_left: "three days are",
  one_day_left: "one day is",
};
/** A wallet is asked within an hour; what is paid later is another entry. */
const AT_ONCE_MS = 2 * 3_600_000;

/** @param events - in order of time */
export function foretell(events: readonly Foreseen[], words: Words): Entry[] {
  const { names } = words;
  const entries: Entry[] = [];
  const billed = new Map<string, { entry: Entry; relays: readonly string[]; paid: boolean }>();
  const reminders = new Map<string, { at: number; left: string }[]>();

  for (const event of events) {
    const at = event.at * 1000;
    switch (event.what) {
      case "invoice": {
        const text = `One invoice of ${sats(event.amount)} for ${names(event.relays)}.`;
        const entry: Entry = { at, tone: "harbour", text, notes: [] };
        entries.push(entry);
        billed.set(event.invoice, { entry, relays: event.relays, paid: false });
        break;
      }
      case "charge": {
        const bill = billed.get(event.invoice);
        if (bill && at - bill.entry.at <= AT_ONCE_MS) {
          bill.entry.notes.push("Your wallet pays it.");
          bill.entry.tone = "active";
          bill.paid = true;
        } else {
          const relays = bill?.relays ?? words.relaysOf(event.invoice);
          const what = relays ? ` for ${names(relays)}` : "";
          const does = event.doubt === null ? "pays" : "is asked again for";
          const text = `Your wallet ${does} ${sats(event.amount)}${what}.`;
          entries.push({ at, tone: "active", text, notes: [] });
        }
        break;
      }
      case "notice":
        if (event.stage in LEFT) {
          const left = LEFT[event.stage] ?? "";
          reminders.set(event.invoice, [...(reminders.get(event.invoice) ?? []), { at, left }]);
        }
        break;
      case "relay":
        turned(entries, event.status, event.relay, at);
    }
  }
  for (const [invoice, times] of reminders) {
    const days = times.map(({ at }) => day(at, at)).join(" and on ");
    const note = `We remind you on ${days}.`;
    const bill = billed.get(invoice);
    if (bill) bill.entry.notes.push(note);
    else {
      const relays = words.relaysOf(invoice);
      const what = relays ? ` for ${names(relays)}` : "";
      for (const { at, left } of times) {
        const text = `We remind you that ${left} left to pay${what}.`;
        entries.push({ at, tone: "grace", text, notes: [] });
      }
    }
  }
  return entries.map((entry) => said(entry, names)).sort((a, b) => a.at - b.at);
}

/** Relays that turn to the same state at about the same time are one entry. */
const TOGETHER_MS = 3_600_000;
type Turned = Entry & { status: string; relays: string[] };
const isTurned = (entry: Entry | undefined): entry is Turned =>
  entry !== undefined && "status" in entry;

function turned(entries: Entry[], status: string, relay: string, at: number): void {
  if (!(status in SENTENCES)) return;
  const same = entries.findLast(
    (entry): entry is Turned =>
      isTurned(entry) && entry.status === status && at - entry.at <= TOGETHER_MS,
  );
  if (same) {
    same.relays.push(relay);
    return;
  }
  const entry: Turned = {
    at,
    tone: TONES[status] ?? "waiting",
    text: "",
    notes: [],
    status,
    relays: [relay],
  };
  entries.push(entry);
}

const TONES: Record<string, Tone> = {
  active: "active",
  grace: "grace",
  suspended: "suspended",
};
/** By state, for one relay and for several. */
const SENTENCES: Record<string, (names: string, isOne: boolean) => [string, string?]> = {
  grace: (names) => [
    `${names} would run on in grace.`,
    "Everything stays on for seven days. Pay within them and nothing changes.",
  ],
  suspended: (names) => [
    `${names} would be suspended.`,
    "Nothing is deleted. Paying brings everything back.",
  ],
  deactivated: (names, isOne) => [
    `The reservation of ${names} would end, and ${isOne ? "its name is" : "their names are"} free again.`,
  ],
  active: (names, isOne) => [`${names} ${isOne ? "is" : "are"} active.`],
};

function said(entry: Entry, names: Words["names"]): Entry {
  if (!isTurned(entry)) return entry;
  const { at, tone, notes, relays, status } = entry;
  const [text = "", note] = SENTENCES[status]?.(names(relays), relays.length === 1) ?? [];
  return { at, tone, text, notes: note ? [...notes, note] : notes };
}
