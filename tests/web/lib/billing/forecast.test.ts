import { expect, test } from "bun:test";
import { type Foreseen, foretell } from "../../../../web/lib/billing/forecast.ts";

const at = (day: number): number => Date.UTC(2026, 11, day, 12) / 1000;
const words = {
  names: (relays: readonly string[]) => relays.join(" and "),
  relaysOf: (invoice: string) => (invoice === "known" ? ["C"] : null),
};
const told = (events: Foreseen[]) =>
  foretell(events, words).map(({ at, text, notes }) => [new Date(at).getUTCDate(), text, ...notes]);

test("an invoice that the wallet pays at once is one entry", () => {
  expect(
    told([
      { at: at(1), what: "invoice", invoice: "i", amount: 20_000, relays: ["A", "B"] },
      { at: at(1) + 60, what: "charge", invoice: "i", amount: 20_000, doubt: null },
      { at: at(1) + 61, what: "notice", invoice: "i", stage: "receipt" },
    ]),
  ).toEqual([[1, "One invoice of 20,000 sats for A and B.", "Your wallet pays it."]]);
});

test("an invoice that nobody pays leads through reminders and grace to suspension", () => {
  expect(
    told([
      { at: at(1), what: "invoice", invoice: "i", amount: 1, relays: ["A", "B"] },
      { at: at(2), what: "relay", relay: "A", status: "grace" },
      { at: at(2) + 5, what: "relay", relay: "B", status: "grace" },
      { at: at(2) + 6, what: "notice", invoice: "i", stage: "due" },
      { at: at(6), what: "notice", invoice: "i", stage: "three_days_left" },
      { at: at(8), what: "notice", invoice: "i", stage: "one_day_left" },
      { at: at(9), what: "relay", relay: "A", status: "suspended" },
      { at: at(10), what: "relay", relay: "B", status: "suspended" },
    ]).map(([day, text]) => [day, text]),
  ).toEqual([
    [1, "One invoice of 1 sat for A and B."],
    [2, "A and B would run on in grace."],
    [9, "A would be suspended."],
    [10, "B would be suspended."],
  ]);
});

test("what is foreseen of an invoice that is open already names its relays", () => {
  expect(
    told([
      { at: at(3), what: "notice", invoice: "known", stage: "one_day_left" },
      { at: at(4), what: "charge", invoice: "known", amount: 10_000, doubt: null },
      { at: at(5), what: "charge", invoice: "unknown", amount: 5, doubt: null },
      { at: at(6), what: "charge", invoice: "refused", amount: 7, doubt: "QUOTA_EXCEEDED" },
    ]),
  ).toEqual([
    [3, "We remind you that one day is left to pay for C."],
    [4, "Your wallet pays 10,000 sats for C."],
    [5, "Your wallet pays 5 sats."],
    [6, "Your wallet is asked again for 7 sats."],
  ]);
});
