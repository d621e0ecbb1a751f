import { describe, expect, test } from "bun:test";
import { DAY_MS, HOUR_MS, renewalItem, settled, T0, TENANT } from "./build.ts";
import { type Invoice, madeNotices, mint, renewal } from "./invoice-states.ts";

const TILL = `tenant/${TENANT}`;
/** The period that is billed begins an hour after the renewal is written. */
const DUE = T0 + HOUR_MS;
const reason = "spam";
const dormant = () =>
  renewal()
    .wait(9 * DAY_MS)
    .answers("ask", { settled: false });
/** Its bolt11 lasts a day longer than grace, as it was asked for. */
const late = (invoice: Invoice) => invoice.wait(7 * DAY_MS + HOUR_MS);

describe("a renewal", () => {
  test("asks for a bolt11 that lasts through grace and a day, with the hour of its lead", () => {
    const invoice = renewal({}, false);
    expect(invoice.inputs).toEqual([
      { invoice: "i1", sats: 10_000, lastsUntil: DUE + 8 * DAY_MS + HOUR_MS },
    ]);
  });

  test("tells the till that it can be paid, when its first bolt11 is there, and once", () => {
    const invoice = renewal({}, false).wait(3 * HOUR_MS);
    expect(invoice.told).toEqual([]);
    mint(invoice);
    expect(invoice.told as unknown).toEqual([
      [TILL, { type: "BILLED", invoice: "i1", items: [renewalItem()] }, 0],
    ]);
    expect(invoice.context.billedAt).toBe(T0 + 3 * HOUR_MS);
    expect(mint(dormant().send({ type: "REISSUE" })).told).toEqual([]);
  });

  test("tells its tenant at once that it is due", () => {
    const [notice] = renewal().created;
    expect(notice).toMatchObject({
      id: "notice/i1/due",
      machine: "notice",
      once: true,
      input: { tenant: TENANT, invoice: "i1", stage: "due" },
    });
  });

  test("reminds with three days and one day of grace left", () => {
    const invoice = renewal();
    expect(madeNotices(invoice, DUE + 4 * DAY_MS - 1)).toEqual(["due"]);
    expect(madeNotices(invoice, DUE + 4 * DAY_MS)).toEqual(["three_days_left"]);
    expect(madeNotices(invoice, DUE + 6 * DAY_MS - 1)).toEqual([]);
    expect(madeNotices(invoice, DUE + 6 * DAY_MS)).toEqual(["one_day_left"]);
    expect(invoice.context.reminders).toEqual([]);
  });

  test("counts its reminders from its first bolt11 where that came late", () => {
    const invoice = mint(renewal({}, false).wait(2 * DAY_MS));
    const stages = invoice.context.reminders.map(({ stage, at }) => [stage, (at - T0) / DAY_MS]);
    expect(stages.slice(1)).toEqual([
      ["three_days_left", 6],
      ["one_day_left", 8],
    ]);
  });

  test("says every stage under one name, so that there is only ever one of each", () => {
    const invoice = renewal({ auto: true });
    invoice.wait(30 * DAY_MS);
    const created = invoice.allCreated.filter(({ machine }) => machine === "notice");
    expect(created.length).toBeGreaterThan(2);
    for (const { once } of created) expect(once).toBe(true);
    expect(new Set(created.map(({ id }) => id)).size).toBe(3);
  });

  test("reminds of nothing once it is paid or withdrawn", () => {
    for (const event of [settled(10_000, T0), { type: "admin.void", reason }])
      expect(renewal().send(event).alarms.size).toBe(0);
  });

  test("is left unpaid for 60 days, and then our wallet is asked", () => {
    const invoice = dormant().wait(51 * DAY_MS - 1);
    expect(invoice.rest()).toBe("pending.dormant");
    invoice.wait(1);
    expect(invoice.rest()).toBe("pending.lastCall");
    expect(invoice.answers("ask", { settled: false }).rest()).toBe("expired");
  });

  test("stays payable on the day after grace", () => {
    const invoice = late(renewal());
    expect(invoice.rest()).toBe("pending.payable.idle");
    expect(invoice.send(settled(10_000, invoice.nowMs)).rest()).toBe("paid");
  });
});

describe("a renewal whose bolt11 ran out", () => {
  test("gets no other by itself, and one on demand", () => {
    const invoice = dormant();
    expect(invoice.rest()).toBe("pending.dormant");
    expect([invoice.began, invoice.waitsFor]).toEqual([[], []]);
    invoice.wait(10 * DAY_MS).send({ type: "REISSUE" });
    expect(invoice.began).toEqual(["mintBolt11"]);
    expect(invoice.inputs).toMatchObject([{ lastsUntil: invoice.nowMs + 8 * DAY_MS + HOUR_MS }]);
    expect(mint(invoice).rest()).toBe("pending.payable.idle");
  });

  test("is asked for only then", () => {
    expect(renewal().allows({ type: "REISSUE" })).toBe(false);
  });

  test("is not made anew before our wallet said that the old one is not settled", () => {
    const invoice = renewal().wait(9 * DAY_MS);
    expect(invoice.rest()).toBe("pending.lastCall");
    expect(invoice.allows({ type: "REISSUE" })).toBe(false);
    invoice.refuses("ask", "issued_by_another_wallet");
    expect(invoice.rest()).toBe("pending.blocked");
  });

  test("gets one when its tenant connects a wallet, which is asked to pay it", () => {
    const invoice = dormant().send({ type: "CHARGE" });
    expect(invoice.began).toEqual(["mintBolt11"]);
    expect(mint(invoice).wait(0).rest()).toBe("pending.payable.asking");
  });

  test("is paid by money that comes for the old one, and by credit", () => {
    expect(dormant().send(settled(10_000, T0)).rest()).toBe("paid");
    expect(dormant().send({ type: "CREDITED", sats: 10_000 }).rest()).toBe("paid");
  });
});

test("a purchase is not billed, reminded of or charged", () => {
  const invoice = mint(renewal({ purpose: "purchase" }, false));
  expect([invoice.told, invoice.created, invoice.context.reminders]).toEqual([[], [], []]);
  invoice.send({ type: "CHARGE" });
  expect(invoice.context.chargeAt).toBeNull();
  expect(invoice.allows({ type: "admin.retry", reason })).toBe(false);
});

test("an invoice that is to end sooner than is usual ends then", () => {
  const invoice = renewal({ purpose: "upgrade", closesAt: T0 + 5 * HOUR_MS });
  expect(invoice.context.closesAt).toBe(T0 + 5 * HOUR_MS);
  expect(renewal({ purpose: "upgrade", closesAt: T0 + 5 * DAY_MS }).context.closesAt).toBe(
    T0 + DAY_MS,
  );
});

test("an operator may mark an invoice paid, which the ledger names", () => {
  const invoice = renewal({ creditSats: 4_000 }).send({ type: "admin.markPaid", reason });
  expect(invoice.rest()).toBe("paid");
  expect(invoice.posted).toEqual([
    { fact: "ledger", from: "operator", to: "invoice/i1", sats: 6_000, why: "marked paid" },
  ]);
  expect(invoice.told.map(([, { type }, sats]) => [type, sats])).toEqual([["PAID", 10_000]]);
  expect(invoice.context.receipt).toBeNull();
});
