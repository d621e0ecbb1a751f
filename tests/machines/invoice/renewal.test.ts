import { describe, expect, test } from "bun:test";
import { DAY_MS, HOUR_MS, renewalItem, settled, T0, TENANT } from "../build.ts";
import { type Invoice, madeNotices, mint, renewal } from "./states.ts";

const TILL = `tenant/${TENANT}`;
/** The period that is billed begins an hour after the renewal is written. */
const DUE = T0 + HOUR_MS;
const reason = "spam";
/** Its bolt11 lasts a day longer than grace, as it was asked for. */
const late = (invoice: Invoice) => invoice.wait(7 * DAY_MS + HOUR_MS);

describe("a renewal", () => {
  test("asks for a bolt11 that lasts through grace and a day, with the hour of its lead", () => {
    const invoice = renewal({}, false);
    expect(invoice.inputs).toEqual([
      {
        ...{ invoice: "i1", sats: 10_000, lastsUntil: DUE + 8 * DAY_MS + HOUR_MS },
        notFrom: renewalItem().to - HOUR_MS,
      },
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
    const again = renewal()
      .wait(9 * DAY_MS)
      .answers("ask", { settled: false });
    expect(mint(again).told).toEqual([]);
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

  test("does not end by itself: its relays run", () => {
    const invoice = renewal();
    expect(invoice.context.closesAt).toBeNull();
    // Its bolt11 ran out, which is no end of it.
    invoice.wait(9 * DAY_MS).answers("ask", { settled: false });
    expect([invoice.rest(), invoice.began]).toEqual(["pending.minting", ["mintBolt11"]]);
  });

  test("is not made a bolt11 for once the period that it bills is over: it is written anew", () => {
    const invoice = renewal({}, false).wait(renewalItem().to - HOUR_MS - T0 - 1);
    expect(invoice.rest()).toBe("pending.minting");
    expect(invoice.wait(1).rest()).toBe("pending.outdated");
    expect([invoice.waitsFor, invoice.alarms.size]).toEqual([[], 0]);
    invoice.send({ type: "CLOSE", why: "superseded" });
    expect(invoice.answers("ask", { settled: false }).rest()).toBe("expired");
  });

  test("stays payable on the day after grace", () => {
    const invoice = late(renewal());
    expect(invoice.rest()).toBe("pending.payable.idle");
    expect(invoice.send(settled(10_000, invoice.nowMs)).rest()).toBe("paid");
  });
});

describe("a past-due invoice", () => {
  const CLOSES = T0 + 60 * DAY_MS;
  const dormant = () => renewal({ purpose: "past_due", closesAt: CLOSES }, false);

  test("has no bolt11 until somebody asks for one, which lasts a day", () => {
    const invoice = dormant();
    expect(invoice.rest()).toBe("pending.dormant");
    expect([invoice.began, invoice.waitsFor, invoice.created]).toEqual([[], [], []]);
    invoice.wait(10 * DAY_MS).send({ type: "REISSUE" });
    expect(invoice.began).toEqual(["mintBolt11"]);
    expect(invoice.inputs).toMatchObject([{ lastsUntil: invoice.nowMs + DAY_MS, notFrom: null }]);
    expect(mint(invoice).rest()).toBe("pending.payable.idle");
    expect([invoice.told, invoice.created]).toEqual([[], []]);
    invoice.wait(9 * DAY_MS).answers("ask", { settled: false });
    expect(invoice.rest()).toBe("pending.dormant");
  });

  test("is made one only where there is none", () => {
    expect(renewal().allows({ type: "REISSUE" })).toBe(false);
    const invoice = mint(dormant().send({ type: "REISSUE" }));
    expect(invoice.allows({ type: "REISSUE" })).toBe(false);
    // Not anew before our wallet said that the old one is not settled.
    invoice.wait(10 * DAY_MS);
    expect([invoice.rest(), invoice.allows({ type: "REISSUE" })]).toEqual([
      "pending.lastCall",
      false,
    ]);
    invoice.refuses("ask", "issued_by_another_wallet");
    expect(invoice.rest()).toBe("pending.blocked");
  });

  test("can be paid until its end, and then our wallet is asked", () => {
    const invoice = dormant().wait(60 * DAY_MS - 1);
    expect(invoice.rest()).toBe("pending.dormant");
    invoice.wait(1);
    expect(invoice.rest()).toBe("pending.lastCall");
    expect(invoice.answers("ask", { settled: false }).rest()).toBe("expired");
  });

  test("gets one when its tenant connects a wallet, which is asked to pay it", () => {
    const invoice = dormant().send({ type: "CHARGE" });
    expect(invoice.began).toEqual(["mintBolt11"]);
    expect(mint(invoice).wait(0).rest()).toBe("pending.payable.asking");
    invoice.answers("askFirst", { settled: false });
    invoice.answers("pay", { outcome: "rejected", code: "QUOTA_EXCEEDED", renewsAt: null });
    // Nothing of it runs on until a date: that is no word of what is due.
    expect(invoice.created).toEqual([]);
  });

  test("is paid by credit, and by money that comes for an old bolt11 of it", () => {
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
