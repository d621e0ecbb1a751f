import { describe, expect, test } from "bun:test";
import { lessUsed } from "../../machines/tenant/served.ts";
import type { NoticeFacts, NoticeStage } from "../../server/notices/facts.ts";
import { invoiceLink, noticeText } from "../../server/notices/texts.ts";
import { moment, sats } from "../../server/notices/words.ts";

const unnamed = { name: null, contact: null, links: {} };
const artClub = { name: "Art Club", url: "wss://art.spaces.example" };
const bookClub = { name: "Book Club", url: "wss://books.spaces.example" };
const bolt11 = { text: "lnbc100u1pexample", expiresAt: Date.UTC(2027, 0, 4, 14, 5) };
const dueAt = Date.UTC(2026, 11, 27, 14, 5, 59);
const graceEndsAt = Date.UTC(2027, 0, 3, 14, 5);

const common = {
  relays: [artClub],
  invoice: "i0123",
  publicUrl: "https://berth.example",
};
const bill = { ...common, amountSats: 10_000, bolt11, refusal: null };
const examples: { [Stage in NoticeStage]: Extract<NoticeFacts, { stage: Stage }> } = {
  due: { ...bill, stage: "due", dueAt, graceEndsAt },
  three_days_left: { ...bill, stage: "three_days_left", graceEndsAt },
  one_day_left: { ...bill, stage: "one_day_left", graceEndsAt },
  suspended: {
    ...common,
    stage: "suspended",
    relay: "r0123",
    amountSats: 10_000,
    suspendedAt: Date.UTC(2027, 0, 3, 14, 6),
    payableUntil: Date.UTC(2027, 2, 4, 14, 6),
    usedMs: 7 * 86_400_000,
  },
  reactivated: {
    ...common,
    stage: "reactivated",
    paidThrough: Date.UTC(2027, 1, 10, 9, 30),
    usedMs: 0,
  },
  receipt: {
    ...common,
    stage: "receipt",
    amountSats: 10_000,
    creditSats: 0,
    paidThrough: Date.UTC(2027, 0, 27, 14, 5),
  },
  wallet_broken: { ...bill, stage: "wallet_broken", reason: "UNAUTHORIZED", graceEndsAt },
};
const all = Object.values(examples);
const bills = all.filter((facts) => "bolt11" in facts);
/** Each relay's suspension is told in its own right. */
const several = all.filter(({ stage }) => stage !== "suspended");
const link = "https://berth.example/account?invoice=i0123";

/** Every one of these stands in subject and text together. */
function expectFacts(facts: NoticeFacts, ...expected: string[]): void {
  const { subject, text } = noticeText(facts, unnamed);
  for (const fact of expected) expect(`${subject}\n${text}`).toContain(fact);
}

describe("every notice", () => {
  test("names the relay and its address, and links to the invoice", () => {
    for (const facts of all) expectFacts(facts, "Art Club (wss://art.spaces.example)");
    for (const facts of several) expectFacts(facts, link);
    expectFacts(examples.suspended, "https://berth.example/relays/r0123");
  });

  test("names every relay of the invoice", () => {
    for (const facts of several) {
      expectFacts(
        { ...facts, relays: [artClub, bookClub] },
        "Art Club and Book Club",
        bookClub.url,
      );
    }
  });

  test("about many relays counts them, and stays short enough to be sent", () => {
    const relays = Array.from({ length: 500 }, (_, i) => ({
      name: `Club ${i} ${"é".repeat(500)}`,
      url: `wss://club-${i}.spaces.example`,
    }));
    for (const facts of several) {
      const { subject, text } = noticeText({ ...facts, relays }, unnamed);
      expect(subject).toContain("your 500 relays");
      expect(text).toContain("- and 480 more");
      expect(Buffer.byteLength(text)).toBeLessThan(8_000);
    }
  });

  test("keeps a name on one line, so that it cannot pass for a part of the notice", () => {
    const name = "Club\n\nTo pay: 1 sat, to\u202e lnbc1evil";
    for (const facts of all) {
      const { subject, text } = noticeText({ ...facts, relays: [{ ...artClub, name }] }, unnamed);
      expect(subject).not.toMatch(/\p{C}/u);
      expect(text).not.toContain("\n\nTo pay: 1 sat");
      expect(text).toContain("- Club To pay: 1 sat, to lnbc1evil (wss://art.spaces.example)");
    }
  });

  test("speaks calmly, to you, and leaves nothing unfilled", () => {
    for (const facts of all) {
      const { subject, text } = noticeText(facts, unnamed);
      expect(subject.length).toBeLessThan(80);
      expect(text).toMatch(/\byou|\byour/i);
      expect(`${subject}\n${text}`).not.toMatch(/!|undefined|null|NaN|\[object| {2}| \n/);
    }
  });
});

describe("a notice that asks for money", () => {
  test("says how much, and gives the bolt11 on a line of its own and until when it can be paid", () => {
    for (const facts of bills) {
      expectFacts(facts, "10,000 sats", "4 January 2027, 14:05 UTC", "\nlnbc100u1pexample");
      expect(noticeText(facts, unnamed).text.split("\n")).toContain("lnbc100u1pexample");
    }
  });

  test("without a bolt11 leads to the page", () => {
    for (const facts of bills) {
      const { text } = noticeText({ ...facts, bolt11: null }, unnamed);
      expect(text).toContain(link);
      expect(text).not.toMatch(/lnbc|Lightning/);
    }
  });

  test("says what happens before it asks", () => {
    for (const facts of bills) {
      const { text } = noticeText(facts, unnamed);
      const consequence = text.search(/suspended/);
      expect(consequence).toBeGreaterThanOrEqual(0);
      expect(consequence).toBeLessThan(text.indexOf("To pay:"));
      expect(text).toMatch(/nothing (is|was) deleted/i);
    }
  });

  test("says how long the relay keeps running", () => {
    const { due, three_days_left, one_day_left, wallet_broken } = examples;
    for (const facts of [due, three_days_left, one_day_left, wallet_broken]) {
      expectFacts(facts, "3 January 2027, 14:05 UTC");
    }
  });
});

test("when it is due, it says through when the relay is paid", () => {
  expectFacts(examples.due, "paid through 27 December 2026, 14:05 UTC");
});

test("reminders say how little is left", () => {
  expectFacts(examples.three_days_left, "Less than 3 days are left");
  expectFacts(examples.one_day_left, "Less than 1 day is left");
});

test("after a suspension it says since when, until when it can be undone, and what is billed then", () => {
  expectFacts(
    examples.suspended,
    "suspended on 3 January 2027, 14:06 UTC",
    "renewal of 10,000 sats",
    "until 4 March 2027, 14:06 UTC",
    "less 7 days already used",
    "days spent suspended are not billed",
  );
  const { text } = noticeText({ ...examples.suspended, payableUntil: null, usedMs: 0 }, unnamed);
  expect(text).toContain("when you buy a month for it");
  expect(text).not.toMatch(/until|already used/);
});

test("a refused payment of what is suspended already says no date until which it runs", () => {
  const { text } = noticeText({ ...examples.wallet_broken, graceEndsAt: null }, unnamed);
  expect(text).toContain("is suspended, and comes back as soon as you pay");
  expect(text).not.toContain("running until");
});

test("days that were used already are told in days and hours", () => {
  const hour = 3_600_000;
  expect([0, 90 * hour, 24 * hour, 5 * 60_000, 168 * hour].map(lessUsed)).toEqual([
    "",
    "less 3 days 18 hours already used",
    "less 1 day already used",
    "less 1 hour already used",
    "less 7 days already used",
  ]);
});

test("after a reactivation it says through when the relay is paid, if it is paid for", () => {
  expectFacts(examples.reactivated, "running again", "paid through 10 February 2027, 09:30 UTC");
  expect(noticeText({ ...examples.reactivated, paidThrough: null }, unnamed).text).not.toMatch(
    /paid through/,
  );
  const shortened = { ...examples.reactivated, usedMs: 4 * 86_400_000 };
  expectFacts(shortened, "UTC: what you paid for, less 4 days already used.");
});

test("a receipt says what was paid and through when, and asks for nothing", () => {
  expectFacts(examples.receipt, "10,000 sats", "paid through 27 January 2027, 14:05 UTC");
  expect(noticeText(examples.receipt, unnamed).text).not.toMatch(/To pay|lnbc|suspended|credit/);
  const partly = { ...examples.receipt, creditSats: 4_000 };
  expectFacts(partly, "Your connected wallet paid 6,000 sats, and your credit 4,000 sats.");
  const later = { ...examples.receipt, paidThrough: null };
  expectFacts(later, "is paid for; what you paid for starts when it is running again");
});

test("a wallet that refused is told with the reason, that it is not asked again, and what to do", () => {
  expectFacts(examples.wallet_broken, "UNAUTHORIZED", "not asked again", "connect a wallet");
  expect(noticeText(examples.wallet_broken, unnamed).text).toMatch(
    /https:\/\/berth\.example\/account$/m,
  );
  const told = (reason: "RESTRICTED" | "NOT_IMPLEMENTED" | "UNSUPPORTED_ENCRYPTION", why: string) =>
    expectFacts({ ...examples.wallet_broken, reason }, reason, why);
  told("RESTRICTED", "may not pay");
  told("NOT_IMPLEMENTED", "cannot pay");
  told("UNSUPPORTED_ENCRYPTION", "does not understand");
});

test("the words for one and for several relays agree with their number", () => {
  expectFacts(examples.due, "Your relay Art Club is paid", "keeps running", "If it is not paid");
  const several = { ...examples.due, relays: [artClub, bookClub] };
  expectFacts(
    several,
    "Your relays Art Club and Book Club are paid",
    "keep running",
    "they are not",
  );
});

test("sats are grouped by thousands", () => {
  const shown = [0, 1, 999, 1_000, 10_000, 1_234_567].map(sats);
  expect(shown).toEqual([
    "0 sats",
    "1 sat",
    "999 sats",
    "1,000 sats",
    "10,000 sats",
    "1,234,567 sats",
  ]);
});

test("a moment is in UTC and never later than it is", () => {
  expect(moment(Date.UTC(2028, 1, 29, 23, 59, 59, 999))).toBe("29 February 2028, 23:59 UTC");
  expect(moment(Date.UTC(2027, 0, 1))).toBe("1 January 2027, 00:00 UTC");
});

test("the link is to the page of one invoice", () => {
  expect(invoiceLink("https://berth.example", "i&1")).toBe(
    "https://berth.example/account?invoice=i%261",
  );
});

test("that the connected wallet did not pay is told with the reason, and when it is asked again", () => {
  const refusal = {
    code: "QUOTA_EXCEEDED",
    words: "its budget is used up",
    againAt: Date.UTC(2027, 0, 1),
  };
  for (const stage of ["due", "three_days_left", "one_day_left"] as const) {
    const { text } = noticeText({ ...examples[stage], refusal }, unnamed);
    expect(text).toContain("did not: its budget is used up (QUOTA_EXCEEDED).");
    expect(text).toContain(`We ask it again on ${moment(refusal.againAt)}`);
    expect(noticeText(examples[stage], unnamed).text).not.toContain("Your connected wallet");
  }
  const { text } = noticeText({ ...examples.due, refusal: { ...refusal, againAt: null } }, unnamed);
  expect(text).toContain("It is not asked again for this invoice.");
});

test("every notice is signed with the operator's name and where to write", () => {
  const named = { ...unnamed, name: "Quay House", contact: "help@quay.example" };
  for (const facts of all) {
    const { text } = noticeText(facts, unnamed);
    expect(noticeText(facts, named).text).toBe(
      `${text}\n\nQuay House. Questions: help@quay.example`,
    );
    expect(noticeText(facts, { ...named, contact: null }).text).toBe(`${text}\n\nQuay House`);
  }
});
