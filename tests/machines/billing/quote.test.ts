import { describe, expect, test } from "bun:test";
import { orderRefusal } from "../../../machines/billing/quote.ts";
import { aSeat, T0 } from "../build.ts";

describe("orderRefusal", () => {
  const seats = (...all: ReturnType<typeof aSeat>[]) =>
    Object.fromEntries(all.map((s, n) => [`r${n}`, s]));

  test("allows three free relays, of which those that are off do not count", () => {
    const free = aSeat("free");
    expect(orderRefusal(seats(free, free), "free")).toBeNull();
    expect(orderRefusal(seats(free, free, free), "free")).toBe("free_relay_limit");
    expect(orderRefusal(seats(free, free, aSeat("free", { is: "held" })), "free")).toBe(
      "free_relay_limit",
    );
    for (const is of ["off", "shut"] as const)
      expect(orderRefusal(seats(free, free, aSeat("free", { is })), "free")).toBeNull();
    expect(orderRefusal(seats(free, free, free), "basic")).toBeNull();
  });

  test("counts as free what is to become free", () => {
    const free = aSeat("free");
    const downgraded = aSeat("basic", { next: { plan: "free", at: T0 } });
    const replaced = aSeat("basic", { is: "new", instead: { plan: "free", invoice: "i2" } });
    for (const turning of [downgraded, replaced])
      expect(orderRefusal(seats(free, free, turning), "free")).toBe("free_relay_limit");
  });

  test("allows three unpaid reservations, of which those that are closing count", () => {
    const unpaid = aSeat("basic", { is: "new", invoice: "i1" });
    const closing = aSeat("basic", { is: "off", invoice: "i2" });
    expect(orderRefusal(seats(unpaid, unpaid), "growth")).toBeNull();
    expect(orderRefusal(seats(unpaid, unpaid, closing), "growth")).toBe("reservation_limit");
    expect(orderRefusal(seats(unpaid, unpaid, aSeat("basic")), "growth")).toBeNull();
    // What runs, or ran, waits for an upgrade or a reactivation; that reserves nothing.
    const running = aSeat("free", { invoice: "i3" });
    const dark = aSeat("basic", { is: "dark", invoice: "i3", paidThrough: T0 });
    expect(orderRefusal(seats(unpaid, unpaid, running, dark), "growth")).toBeNull();
    expect(orderRefusal(seats(unpaid, unpaid, closing), "free")).toBeNull();
  });
});
