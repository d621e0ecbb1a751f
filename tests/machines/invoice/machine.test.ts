import { describe, expect, test } from "bun:test";
import { addMonths } from "../../../machines/billing/calendar.ts";
import { monthOf } from "../../../machines/billing/seats.ts";
import { bolt11, DAY_MS, HOUR_MS, settled, T0, TENANT } from "../build.ts";
import { anInvoice } from "../lone-actor.ts";

type Invoice = ReturnType<typeof anInvoice>;

const TILL = `tenant/${TENANT}`;
const reason = "spam";
const items = [monthOf("r1", "purchase", "basic", T0)];
const CLOSE = { type: "CLOSE", why: "cancelled" };
const PAID = [TILL, { type: "PAID", invoice: "i1", items, sats: 10_000 }, 10_000];
const CLOSED = (sats = 0, isVoid = false) => [
  TILL,
  { type: "CLOSED", invoice: "i1", items, sats, isVoid },
  sats,
];
const CREDIT = (sats: number, why: string) => [
  TILL,
  { type: "CREDIT", sats, why: `${why} i1` },
  sats,
];

/** `lifeMs` is the bolt11's. */
const payable = (creditSats = 0, lifeMs = DAY_MS): Invoice => {
  const invoice = anInvoice({ creditSats });
  const issued = bolt11(10_000 - creditSats, T0);
  return invoice.answers("mint", { ...issued, expiresAt: T0 + lifeMs });
};
const expired = (creditSats = 0) =>
  payable(creditSats).wait(DAY_MS).answers("ask", { settled: false });
const blocked = () => anInvoice().refuses("mint", "restricted");

describe("a bolt11", () => {
  test("is made for what credit leaves to pay", () => {
    const invoice = anInvoice({ creditSats: 4_000 });
    expect(invoice.rest()).toBe("pending.minting");
    expect(invoice.began).toEqual(["mintBolt11"]);
    const issued = bolt11(6_000, T0);
    invoice.answers("mint", issued);
    expect(invoice.rest()).toBe("pending.payable.idle");
    expect(invoice.context.bolt11).toEqual(issued);
    expect(invoice.posted).toEqual([{ fact: "bolt11", ...issued }]);
  });

  test("is not needed where credit pays all of it", () => {
    const invoice = anInvoice({ creditSats: 10_000 });
    expect(invoice.rest()).toBe("paid");
    expect(invoice.told as unknown).toEqual([PAID]);
    expect(invoice.began).toEqual([]);
    expect(invoice.context.receipt).toBeNull();
  });

  test("is followed by a second only after it has expired and our wallet said not settled", () => {
    const invoice = payable(0, HOUR_MS).wait(HOUR_MS - 1);
    expect(invoice.rest()).toBe("pending.payable.idle");
    invoice.wait(1);
    expect(invoice.rest()).toBe("pending.lastCall");
    expect(invoice.began).toEqual(["askWallet"]);
    invoice.answers("ask", { settled: false });
    expect(invoice.rest()).toBe("pending.minting");
    expect(invoice.began).toEqual(["mintBolt11"]);
  });

  test("is not followed by a second when a retry finds that the first was never asked about", () => {
    const invoice = payable(0, HOUR_MS).wait(HOUR_MS).refuses("ask", "defect");
    expect(invoice.rest()).toBe("pending.blocked");
    invoice.send({ type: "admin.retry", reason });
    expect(invoice.began).toEqual(["askWallet"]);
    expect(invoice.answers("ask", { settled: false }).rest()).toBe("pending.minting");
  });

  test("that our wallet refuses to make blocks the invoice, until an operator retries", () => {
    const invoice = blocked();
    expect(invoice.rest()).toBe("pending.blocked");
    expect(invoice.send({ type: "admin.retry", reason }).began).toEqual(["mintBolt11"]);
  });

  test("that never came lets the invoice expire all the same", () => {
    const invoice = blocked().wait(DAY_MS);
    expect(invoice.rest()).toBe("pending.lastCall");
    expect(invoice.answers("ask", { settled: false }).rest()).toBe("expired");
  });
});

describe("the end", () => {
  test("comes after 24 hours, and not before our wallet was asked", () => {
    const invoice = payable(0, 2 * DAY_MS).wait(DAY_MS - 1);
    expect(invoice.rest()).toBe("pending.payable.idle");
    invoice.wait(1);
    expect(invoice.rest()).toBe("pending.lastCall");
    expect(invoice.told).toEqual([]);
    invoice.wait(30 * DAY_MS);
    expect(invoice.rest()).toBe("pending.lastCall");
    invoice.answers("ask", { settled: false });
    expect(invoice.rest()).toBe("expired");
    expect(invoice.told as unknown).toEqual([CLOSED()]);
  });

  test("waits where our wallet cannot be asked, and is asked again on retry", () => {
    const invoice = payable().wait(DAY_MS).refuses("ask", "issued_by_another_wallet");
    expect(invoice.rest()).toBe("pending.blocked");
    expect(invoice.alarms.size).toBe(0);
    expect(invoice.send({ type: "admin.retry", reason }).rest()).toBe("pending.lastCall");
    expect(invoice.answers("ask", { settled: false }).rest()).toBe("expired");
  });

  test("gives back the credit that it held", () => {
    expect(expired(4_000).told as unknown).toEqual([CLOSED(4_000)]);
    const voided = payable(4_000).send({ type: "admin.void", reason });
    expect(voided.rest()).toBe("void");
    expect(voided.told as unknown).toEqual([CLOSED(4_000, true)]);
  });

  test("by cancellation asks the wallet at once, wherever the invoice stands", () => {
    for (const make of [anInvoice, payable, blocked]) {
      const invoice = make().send(CLOSE);
      expect(invoice.rest()).toBe("pending.lastCall");
      expect(invoice.waitsFor).toEqual(["ask"]);
      expect(invoice.alarms.size).toBe(0);
      expect(invoice.answers("ask", { settled: false }).rest()).toBe("expired");
    }
  });

  test("is the end: nothing but money is heard any more", () => {
    const voided = payable().send({ type: "admin.void", reason });
    for (const invoice of [voided, expired(), payable().send(settled(10_000, T0))]) {
      const rest = invoice.rest();
      for (const type of ["CLOSE", "admin.void", "admin.retry"])
        expect(invoice.allows({ type })).toBe(false);
      expect(invoice.alarms.size).toBe(0);
      expect(invoice.waitsFor).toEqual([]);
      expect(invoice.send(CLOSE).rest()).toBe(rest);
    }
  });
});

describe("a settlement", () => {
  const states: [string, () => Invoice][] = [
    ["minting", anInvoice],
    ["payable", payable],
    ["blocked", blocked],
    ["being asked about", () => payable().wait(DAY_MS)],
    ["being cancelled", () => payable().send(CLOSE)],
  ];
  for (const [name, make] of states)
    test(`pays an invoice that is ${name}`, () => {
      const invoice = make();
      invoice.send(settled(10_000, invoice.nowMs));
      expect(invoice.rest()).toBe("paid");
      expect(invoice.told as unknown).toEqual([PAID]);
      expect(invoice.waitsFor).toEqual([]);
      expect(invoice.context).toMatchObject({ paidAt: invoice.nowMs, closesAt: null });
      expect(invoice.context.receipt).toEqual({
        paymentHash: settled(1, T0).paymentHash,
        preimage: settled(1, T0).preimage,
        sats: 10_000,
      });
    });

  test("is written down, with its line in the ledger", () => {
    const { paymentHash, preimage } = settled(10_000, T0);
    expect(payable().send(settled(10_000, T0)).posted).toEqual([
      { fact: "settlement", paymentHash, sats: 10_000, preimage, settledAt: T0 },
      {
        fact: "ledger",
        from: "wallet",
        to: "invoice/i1",
        sats: 10_000,
        why: `settled ${paymentHash}`,
      },
    ]);
  });

  test("of more than is due pays, and the surplus is credit once the till knows", () => {
    const invoice = payable(4_000).send(settled(6_500, T0));
    expect(invoice.rest()).toBe("paid");
    expect(invoice.told as unknown).toEqual([PAID, CREDIT(500, "more than was due for")]);
  });

  test("of less than is due is credit, and the invoice stays as it was", () => {
    const invoice = payable().send(settled(9_999, T0));
    expect(invoice.rest()).toBe("pending.payable.idle");
    expect(invoice.told as unknown).toEqual([CREDIT(9_999, "less than was due for")]);
    expect(invoice.context).toMatchObject({ creditSats: 0, receipt: null });
  });

  test("by a bolt11 that was replaced pays as well", () => {
    const invoice = payable(0, HOUR_MS).wait(HOUR_MS).answers("ask", { settled: false });
    invoice.answers("mint", bolt11(10_000, invoice.nowMs, 2));
    expect(invoice.send(settled(10_000, invoice.nowMs, 1)).rest()).toBe("paid");
    invoice.send(settled(10_000, invoice.nowMs, 2));
    expect(invoice.told as unknown).toEqual([CREDIT(10_000, "paid after the end")]);
  });

  test("after the end is credit, all of it", () => {
    const voided = payable().send({ type: "admin.void", reason });
    for (const invoice of [voided, expired(), payable().send(settled(10_000, T0))]) {
      const rest = invoice.rest();
      invoice.send(settled(10_000, invoice.nowMs, 2));
      expect(invoice.rest()).toBe(rest);
      expect(invoice.posted).toHaveLength(2);
      expect(invoice.told as unknown).toEqual([CREDIT(10_000, "paid after the end")]);
    }
  });
});

describe("the tenant's credit", () => {
  test("pays what is due, without a receipt of Lightning", () => {
    const invoice = payable(4_000).send({ type: "CREDITED", sats: 6_000 });
    expect(invoice.rest()).toBe("paid");
    expect(invoice.told as unknown).toEqual([PAID]);
    expect(invoice.context).toMatchObject({ creditSats: 10_000, receipt: null });
  });

  test("comes back from an invoice that has ended", () => {
    const invoice = expired().send({ type: "CREDITED", sats: 10_000 });
    expect(invoice.told as unknown).toEqual([CREDIT(10_000, "not needed by")]);
  });
});

test("the month that was paid gets its exact dates when it has begun", () => {
  const from = T0 + 90_000;
  const invoice = payable().send(settled(10_000, T0));
  invoice.send({ type: "STARTED", relay: "r1", from, to: addMonths(from, 1) });
  expect(invoice.context.items).toMatchObject([{ relay: "r1", from, to: addMonths(from, 1) }]);
  invoice.send({ type: "STARTED", relay: "r2", from: 0, to: 1 });
  expect(invoice.context.items).toMatchObject([{ from }]);
});
