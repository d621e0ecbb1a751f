import { describe, expect, test } from "bun:test";
import { DAY_MS } from "../build.ts";
import { aRelay } from "../lone-actor.ts";
import {
  active,
  apply,
  billed,
  deactivated,
  overdue,
  paid,
  provisioning,
  type Relay,
  reason,
  seats,
  status,
  suspended,
  TILL,
} from "./states.ts";

describe("suspension", () => {
  test("by an admin darkens an active relay, and release provisions it again", () => {
    const relay = active().send({ type: "admin.suspend", reason });
    expect(status(relay)).toBe("suspended.byAdmin");
    expect(seats(relay)).toEqual([[TILL, "held"]]);
    expect(relay.began).toEqual(["applyRelay"]);
    apply(relay).send({ type: "admin.unsuspend", reason });
    expect(status(relay)).toBe("provisioning.prompt");
    expect(status(apply(relay))).toBe("active");
  });

  test("an owner cannot deactivate a suspended relay, and so walk around the suspension", () => {
    for (const relay of [suspended(), active().send({ type: "HOLD" })]) {
      expect(relay.allows({ type: "DEACTIVATE" })).toBe(false);
      expect(relay.allows({ type: "REOPEN", covered: true })).toBe(false);
      expect(relay.allows({ type: "RELEASE" })).toBe(status(relay) === "suspended.held");
    }
  });

  test("a reservation is not suspended; it lapses by itself", () => {
    expect(aRelay("basic").allows({ type: "admin.suspend", reason })).toBe(false);
    const held = aRelay("basic").send({ type: "HOLD" });
    expect(held.allows({ type: "admin.suspend", reason })).toBe(false);
  });

  test("a relay released after its paid-through date is suspended for non-payment", () => {
    const relay = suspended()
      .wait(40 * DAY_MS)
      .send({ type: "admin.unsuspend", reason });
    expect(status(relay)).toBe("suspended.unpaid");
    expect(seats(relay)).toEqual([[TILL, "dark"]]);
    expect(status(relay.send(paid))).toBe("provisioning.prompt");
  });

  test("of one in grace is no end of it: released, it is in grace again, however often it is held", () => {
    const relay = overdue().send(billed()).send({ type: "admin.suspend", reason });
    apply(relay).send({ type: "UNBILLED", invoice: "i2" }).wait(DAY_MS);
    expect(status(relay.send({ type: "admin.unsuspend", reason }))).toBe("provisioning.prompt");
    expect(status(relay.send({ type: "HOLD" }).send({ type: "RELEASE" }))).toBe(
      "provisioning.prompt",
    );
    apply(relay).wait(0);
    expect(status(relay)).toBe("grace.unbilled");
    expect(relay.context.heldInGrace).toBe(false);
  });

  test("a free relay is always covered", () => {
    const relay = apply(active("free").send({ type: "admin.suspend", reason })).wait(400 * DAY_MS);
    expect(status(relay.send({ type: "admin.unsuspend", reason }))).toBe("provisioning.prompt");
  });

  test("payment of a held reservation is kept, and release provisions it", () => {
    const relay = aRelay("basic").send({ type: "HOLD" }).send(paid);
    expect(status(relay)).toBe("suspended.held");
    expect(relay.began).toEqual([]);
    expect(status(relay.send({ type: "RELEASE" }))).toBe("provisioning.prompt");
  });
});

describe("the tenant's suspension", () => {
  const HOLD = { type: "HOLD" };
  const RELEASE = { type: "RELEASE" };
  const byAdmin = { type: "admin.suspend", reason };
  const from: [string, () => Relay, held: string, released: string][] = [
    ["pending", () => aRelay("basic"), "suspended.held", "pending"],
    ["provisioning", provisioning, "suspended.held", "provisioning.prompt"],
    ["late", () => provisioning().wait(60_000), "suspended.held", "provisioning.prompt"],
    ["active", active, "suspended.held", "provisioning.prompt"],
    ["a free active", () => active("free"), "suspended.held", "provisioning.prompt"],
    ["held", () => active().send(HOLD), "suspended.held", "provisioning.prompt"],
    ["suspended", suspended, "suspended.heldByAdmin", "suspended.byAdmin"],
    [
      "doubly suspended",
      () => suspended().send(HOLD),
      "suspended.heldByAdmin",
      "suspended.byAdmin",
    ],
    ["deactivated", deactivated, "deactivated.byOwner", "deactivated.byOwner"],
    [
      "lapsed",
      () => aRelay("basic").send({ type: "LAPSED" }),
      "deactivated.lapsed",
      "deactivated.lapsed",
    ],
    [
      "shut",
      () => active().send({ type: "admin.deactivate", reason }),
      "deactivated.byAdmin",
      "deactivated.byAdmin",
    ],
  ];
  for (const [name, make, held, released] of from)
    test(`holds a relay that is ${name} as ${held}, and leaves it ${released}`, () => {
      const relay = make().send(HOLD);
      expect(status(relay)).toBe(held);
      expect(status(relay.send(RELEASE))).toBe(released);
    });

  test("its end is nothing to a relay that was never held", () => {
    for (const make of [() => aRelay("basic"), provisioning, active, suspended, deactivated]) {
      const before = status(make());
      expect(status(make().send(RELEASE))).toBe(before);
    }
  });

  test("and an admin's are two, each lifted by itself", () => {
    for (const [first, second] of [
      [HOLD, byAdmin],
      [byAdmin, HOLD],
    ] as const) {
      const relay = active().send(first).send(second);
      expect(status(relay)).toBe("suspended.heldByAdmin");
      expect(seats(relay)).toEqual([[TILL, "held"]]);
      relay.send({ type: "admin.unsuspend", reason });
      expect(status(relay)).toBe("suspended.held");
      expect(status(relay.send(RELEASE))).toBe("provisioning.prompt");
    }
    const relay = active().send(HOLD).send(byAdmin).send(RELEASE);
    expect(status(relay)).toBe("suspended.byAdmin");
    expect(status(relay.send({ type: "admin.unsuspend", reason }))).toBe("provisioning.prompt");
  });
});
