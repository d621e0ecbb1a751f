import { describe, expect, test } from "bun:test";
import { createNotice, noticeActor } from "../../machines/addresses.ts";
import type { Stage } from "../../machines/messages.ts";
import { type NoticeContext, noticeMachine } from "../../machines/notice.ts";
import { DAY_MS, noticeInput, T0, TENANT } from "./build.ts";
import { LoneActor } from "./lone-actor.ts";

const reason = "spam";
const aNotice = (...input: Parameters<typeof noticeInput>) =>
  new LoneActor<NoticeContext>(noticeMachine, noticeInput(...input));
const said = (state: string) => ({
  state,
  relays: ["wss://in.example"],
  subject: "Your renewal is due",
  text: "Pay it.",
  writtenAt: T0,
});

describe("a message", () => {
  test("is sent at once, and knows what it is about", () => {
    const notice = aNotice();
    expect(notice.rest()).toBe("queued");
    expect(notice.began).toEqual(["deliver"]);
    const about = { invoice: "i1", stage: "due", about: null };
    expect(notice.inputs).toEqual([{ notice: "i1/due", ...about, written: null }]);
  });

  for (const state of ["delivered", "refused", "no_inbox"])
    test(`that was ${state} keeps what it said, and where`, () => {
      const notice = aNotice().wait(DAY_MS).answers("deliver", said(state));
      expect(notice.rest()).toBe(state);
      const { relays, subject, text } = said(state);
      expect(notice.context).toMatchObject({ relays, subject, text, sentAt: T0 + DAY_MS });
      expect(notice.alarms.size).toBe(0);
    });

  test("that failed for good was refused, and says nothing of itself", () => {
    const notice = aNotice().refuses("deliver", "defect");
    expect(notice.rest()).toBe("refused");
    expect(notice.context).toMatchObject({ sentAt: null, text: null });
  });

  test("is given up when it would mislead, and after a month when it is only news", () => {
    const misleads = aNotice({ validUntil: T0 + 3 * DAY_MS }).wait(3 * DAY_MS - 1);
    expect(misleads.rest()).toBe("queued");
    expect(misleads.wait(1).rest()).toBe("missed");
    expect(misleads.waitsFor).toEqual([]);
    const news = aNotice().wait(30 * DAY_MS - 1);
    expect(news.rest()).toBe("queued");
    expect(news.wait(1).rest()).toBe("missed");
  });

  test("is sent again by an operator where it was not taken, and only there", () => {
    for (const state of ["refused", "no_inbox"]) {
      const notice = aNotice().answers("deliver", said(state));
      expect(notice.send({ type: "admin.retry", reason }).began).toEqual(["deliver"]);
      // Word for word and under the same date: it may have arrived although it was refused.
      const { subject, text, writtenAt } = said(state);
      expect(notice.inputs).toMatchObject([{ written: { subject, text, writtenAt } }]);
      expect(notice.answers("deliver", said("delivered")).rest()).toBe("delivered");
    }
    for (const notice of [
      aNotice(),
      aNotice().answers("deliver", said("delivered")),
      aNotice().wait(30 * DAY_MS),
    ])
      expect(notice.allows({ type: "admin.retry", reason })).toBe(false);
  });
});

test("a stage of an invoice has one name, and is created once", () => {
  const made = (invoice: string, stage: Stage) => createNotice(TENANT, invoice, stage, null);
  expect(made("i1", "due")).toEqual({
    id: noticeActor("i1/due"),
    machine: "notice",
    once: true,
    input: {
      ...{ id: "i1/due", tenant: TENANT, invoice: "i1", stage: "due" },
      ...{ validUntil: null, about: null },
    },
  });
  const ids = [made("i1", "due"), made("i1", "receipt"), made("i2", "due")].map(({ id }) => id);
  expect(new Set(ids).size).toBe(3);
});
