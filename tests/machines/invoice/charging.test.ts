/** A renewal that the tenant's wallet pays, refuses, or says nothing of. */
import { describe, expect, test } from "bun:test";
import type { Post } from "../../../machines/durable.ts";
import { DAY_MS, HOUR_MS, settled, T0, TENANT } from "../build.ts";
import { type Invoice, mint, renewal } from "./states.ts";

const MINUTE_MS = 60_000;
const reason = "spam";
const unsettled = { settled: false };
const rejected = (code: string, renewsAt: number | null = null) => ({
  outcome: "rejected",
  code,
  renewsAt,
});

/** Our own wallet was asked first and the tenant's is being asked now. */
const charging = (invoice = renewal({ auto: true }).wait(0)): Invoice =>
  invoice.answers("askFirst", unsettled);
/** The tenant's wallet answers, and ours still knows of nothing. */
const answered = (outcome: object, invoice = charging()): Invoice =>
  invoice.answers("pay", outcome).answers("askAfter", unsettled);
const attempts = (posted: Post[]) =>
  posted.flatMap((post) => (post.fact === "attempt" ? [[post.id, post.state, post.code]] : []));
const stages = ({ created }: Invoice) => created.map(({ id }) => id.split("/").at(-1));

describe("an attempt", () => {
  test("is made at once, and asks our own wallet before the tenant's", () => {
    const invoice = renewal({ auto: true }).wait(0);
    expect(invoice.rest()).toBe("pending.payable.asking");
    expect(invoice.began).toEqual(["askWallet"]);
    invoice.answers("askFirst", unsettled);
    expect(invoice.began).toEqual(["payByWallet"]);
    expect(invoice.inputs).toEqual([{ tenant: TENANT, invoice: "i1", bolt11: "lnbcrt1" }]);
  });

  test("is written down before the tenant's wallet is asked", () => {
    expect(attempts(charging().posted)).toEqual([["i1.1", "created", null]]);
  });

  test("is not made where our own wallet speaks of money, or cannot be asked", () => {
    const asking = () => renewal({ auto: true }).wait(0);
    for (const invoice of [
      asking().answers("askFirst", { settled: true }),
      asking().refuses("askFirst", "defect"),
    ]) {
      expect(invoice.rest()).toBe("pending.payable.idle");
      expect(invoice.posted).toEqual([]);
      expect(invoice.context).toMatchObject({ tries: 0, outcome: null });
      expect(invoice.wait(MINUTE_MS).rest()).toBe("pending.payable.asking");
    }
  });

  test("waits for a bolt11, and ends with it", () => {
    const invoice = renewal({ auto: true }, false).wait(DAY_MS);
    expect(invoice.waitsFor).toEqual(["mint"]);
    expect(mint(invoice).wait(0).rest()).toBe("pending.payable.asking");
    expect(invoice.wait(9 * DAY_MS).rest()).toBe("pending.lastCall");
    expect(invoice.waitsFor).toEqual(["ask"]);
  });

  test("asks our own wallet afterwards, whatever the tenant's has said", () => {
    for (const outcome of [{ outcome: "paid" }, { outcome: "unknown" }, rejected("OTHER")]) {
      const invoice = charging().answers("pay", outcome);
      expect(invoice.rest()).toBe("pending.payable.confirming");
      expect(invoice.began).toEqual(["askWallet"]);
      expect(invoice.refuses("askAfter", "defect").rest()).toBe("pending.payable.idle");
    }
  });

  test("pays nothing by the tenant's wallet's word alone", () => {
    const invoice = answered({ outcome: "paid" });
    expect(invoice.rest()).toBe("pending.payable.idle");
    expect(invoice.context.paidAt).toBeNull();
    expect(invoice.context.chargeAt).toBeGreaterThan(invoice.nowMs);
  });
});

describe("a wallet that pays", () => {
  test("brings the receipt and no other message", () => {
    const invoice = renewal({ auto: true });
    expect(stages(invoice)).toEqual([]);
    charging(invoice.wait(0)).answers("pay", { outcome: "paid" });
    expect(attempts(invoice.posted)).toEqual([["i1.1", "sent", null]]);
    invoice.send(settled(10_000, invoice.nowMs));
    expect(invoice.rest()).toBe("paid");
    expect(attempts(invoice.posted)).toEqual([["i1.1", "settled", null]]);
    expect(invoice.allCreated.map(({ id }) => id)).toEqual(["notice/i1/receipt"]);
  });

  test("is believed when money arrives while it is being asked, or after it was silent", () => {
    for (const invoice of [charging(), answered({ outcome: "unknown" })]) {
      invoice.send(settled(10_000, invoice.nowMs));
      expect(invoice.rest()).toBe("paid");
      expect(invoice.waitsFor).toEqual([]);
      expect(attempts(invoice.posted)).toEqual([["i1.1", "settled", null]]);
      expect(stages(invoice)).toEqual(["receipt"]);
    }
  });

  test("is not thanked for what was paid by hand after it refused, or with credit", () => {
    const byHand = answered(rejected("QUOTA_EXCEEDED")).send(settled(10_000, T0));
    const byCredit = answered({ outcome: "unknown" }).send({ type: "CREDITED", sats: 10_000 });
    for (const invoice of [byHand, byCredit]) {
      expect(invoice.rest()).toBe("paid");
      expect(attempts(invoice.posted)).toEqual([]);
      expect(stages(invoice)).toEqual([]);
    }
  });
});

describe("a wallet that refuses", () => {
  test("is tried again after an hour, six hours, and then twice a day, without end of its own", () => {
    const invoice = answered(rejected("INSUFFICIENT_BALANCE"));
    const hours: number[] = [];
    while (hours.length < 10) {
      const waitMs = (invoice.context.chargeAt ?? Number.NaN) - invoice.nowMs;
      hours.push(waitMs / HOUR_MS);
      answered(rejected("INSUFFICIENT_BALANCE"), charging(invoice.wait(waitMs)));
    }
    expect(hours).toEqual([1, 6, 12, 12, 12, 12, 12, 12, 12, 12]);
    expect(invoice.context.tries).toBe(11);
  });

  test("brings the message that the renewal is due, with the code in the attempt", () => {
    const invoice = charging().answers("pay", rejected("INSUFFICIENT_BALANCE"));
    expect(stages(invoice)).toEqual(["due"]);
    expect(attempts(invoice.posted)).toEqual([["i1.1", "rejected", "INSUFFICIENT_BALANCE"]]);
    expect(invoice.told).toEqual([]);
  });

  test("is tried again a minute after its budget renews, where that is within grace", () => {
    const soon = answered(rejected("QUOTA_EXCEEDED", T0 + 3 * HOUR_MS));
    expect(soon.context.chargeAt).toBe(T0 + 3 * HOUR_MS + MINUTE_MS);
    const far = answered(rejected("QUOTA_EXCEEDED", T0 + 20 * DAY_MS));
    expect(far.context.chargeAt).toBe(T0 + HOUR_MS);
    const past = answered(rejected("QUOTA_EXCEEDED", T0 - 1));
    expect(past.context.chargeAt).toBe(T0 + HOUR_MS);
  });

  test("for good is broken: the till hears of it, and it is not tried again", () => {
    for (const code of [
      "UNAUTHORIZED",
      "RESTRICTED",
      "NOT_IMPLEMENTED",
      "UNSUPPORTED_ENCRYPTION",
    ]) {
      const invoice = charging().answers("pay", rejected(code));
      expect(invoice.told as unknown).toEqual([
        [`tenant/${TENANT}`, { type: "WALLET_BROKEN", invoice: "i1", code }, 0],
      ]);
      // The till's notice says what is due, too: no second one, now or at the date.
      expect(stages(invoice)).toEqual([]);
      expect(invoice.context.chargeAt).toBeNull();
      expect(
        invoice
          .answers("askAfter", unsettled)
          .wait(2 * DAY_MS)
          .rest(),
      ).toBe("pending.payable.idle");
      expect(invoice.allCreated).toEqual([]);
    }
  });

  test("and was disconnected meanwhile is not asked again; the renewal is due by hand", () => {
    const invoice = charging().answers("pay", { outcome: "none" });
    expect(attempts(invoice.posted)).toEqual([["i1.1", "rejected", "NO_WALLET"]]);
    expect(stages(invoice)).toEqual(["due"]);
    expect(invoice.context.chargeAt).toBeNull();
  });
});

describe("a wallet that says nothing", () => {
  test("is unknown, never failed: nothing is said, and both wallets are asked again", () => {
    const invoice = charging().answers("pay", { outcome: "unknown" });
    expect(attempts(invoice.posted)).toEqual([["i1.1", "unknown", null]]);
    expect(stages(invoice)).toEqual([]);
    expect(invoice.context.outcome).toBe("unknown");
    invoice.answers("askAfter", unsettled).wait(MINUTE_MS);
    expect(invoice.rest()).toBe("pending.payable.asking");
  });

  test("is looked after less and less often, at least every six hours", () => {
    const invoice = answered({ outcome: "unknown" });
    const minutes: number[] = [];
    for (let n = 0; n < 7; n++) {
      const waitMs = (invoice.context.chargeAt ?? 0) - invoice.nowMs;
      minutes.push(waitMs / MINUTE_MS);
      answered({ outcome: "unknown" }, charging(invoice.wait(waitMs)));
    }
    expect(minutes).toEqual([1, 5, 25, 125, 360, 360, 360]);
  });

  test("leaves the tenant told that it is due within the hour of its period's beginning", () => {
    const invoice = answered({ outcome: "unknown" });
    while (invoice.nowMs < T0 + 3 * HOUR_MS)
      answered(
        { outcome: "unknown" },
        charging(invoice.wait((invoice.context.chargeAt ?? 0) - invoice.nowMs)),
      );
    expect(invoice.allCreated.map(({ id }) => id)).toEqual(["notice/i1/due"]);
  });
});

test("a wallet that is connected later, or retried by an operator, is asked at once", () => {
  for (const event of [{ type: "CHARGE" }, { type: "admin.retry", reason }]) {
    expect(renewal().send(event).wait(0).rest()).toBe("pending.payable.asking");
    const broken = answered(rejected("UNAUTHORIZED")).send(event).wait(0);
    expect(broken.rest()).toBe("pending.payable.asking");
  }
});

test("a second attempt at the same bolt11 is another attempt, of the same payment hash", () => {
  const invoice = answered(rejected("OTHER")).wait(HOUR_MS);
  const [second] = charging(invoice).posted;
  expect(second).toMatchObject({
    fact: "attempt",
    id: "i1.2",
    paymentHash: invoice.context.bolt11?.paymentHash,
  });
});
