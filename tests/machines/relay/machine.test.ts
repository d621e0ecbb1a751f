import { describe, expect, test } from "bun:test";
import { addMonths } from "../../../machines/billing/calendar.ts";
import type { Applied } from "../../../machines/relay/context.ts";
import { applied, relayInput, T0 } from "../build.ts";
import { aRelay } from "../lone-actor.ts";
import {
  active,
  apply,
  deactivated,
  paid,
  provisioning,
  reason,
  seats,
  status,
  TILL,
} from "./states.ts";

describe("from reservation to active", () => {
  test("a free relay is provisioned at once", () => {
    const relay = aRelay("free");
    expect(status(relay)).toBe("provisioning.prompt");
    expect(relay.began).toEqual(["applyRelay"]);
  });

  test("a paid relay waits for its payment and asks nothing of zooid", () => {
    const relay = aRelay("basic");
    expect(status(relay)).toBe("pending");
    expect(relay.began).toEqual([]);
    expect(relay.alarms.size).toBe(0);
    expect(relay.context.wanted).toBe(0);
  });

  test("a reservation that is not paid lapses and gives its seat up", () => {
    const relay = aRelay("basic").send({ type: "LAPSED" });
    expect(status(relay)).toBe("deactivated.lapsed");
    expect(seats(relay)).toEqual([[TILL, "off"]]);
    expect(relay.context.wanted).toBe(0);
    expect(relay.began).toEqual([]);
  });

  test("payment begins provisioning", () => {
    const relay = provisioning();
    expect(status(relay)).toBe("provisioning.prompt");
    expect(relay.context).toMatchObject({ prepaid: true, paidThrough: null, wanted: 1 });
    expect(relay.told).toEqual([]);
  });

  test("a relay is active when zooid confirmed what is wanted, and only then says so", () => {
    const relay = apply(provisioning());
    expect(status(relay)).toBe("active");
    expect(seats(relay)).toEqual([[TILL, "on"]]);
  });

  test("an older revision that zooid confirms does not make it active", () => {
    const relay = provisioning().send({ type: "EDIT", name: "Toads" });
    expect(relay.context.wanted).toBe(2);
    relay.answers("apply", applied(1, relayInput("basic")));
    expect(status(relay)).toBe("provisioning.prompt");
    expect(relay.began).toEqual(["applyRelay"]);
    expect(relay.context.name).toBe("Toads");
    apply(relay);
    expect(status(relay)).toBe("active");
  });

  test("provisioning is late after a minute, needs attention, and goes on", () => {
    const relay = provisioning().wait(59_999);
    expect(status(relay)).toBe("provisioning.prompt");
    relay.wait(1);
    expect(status(relay)).toBe("provisioning.late");
    expect(relay.waitsFor).toEqual(["apply"]);
    expect(status(apply(relay))).toBe("active");
    expect(relay.alarms.size).toBe(0);
  });

  test("a refusal is kept as our code, and a retry asks again", () => {
    const relay = provisioning().answers("apply", { refused: "schema_taken" } satisfies Applied);
    expect(status(relay)).toBe("provisioning.prompt");
    expect(relay.context.refused).toBe("schema_taken");
    expect(relay.waitsFor).toEqual([]);
    relay.send({ type: "admin.retry", reason });
    expect(relay.context.refused).toBeNull();
    expect(status(apply(relay))).toBe("active");
  });

  test("a defect of the handler is a refusal too", () => {
    const relay = provisioning().refuses("apply", "whatever");
    expect(relay.context.refused).toBe("defect");
    expect(relay.rest("zooid")).toBe("settled");
  });
});

describe("deactivating and coming back", () => {
  test("by its owner withdraws it from zooid and gives the seat up", () => {
    const relay = active().send({ type: "DEACTIVATE" });
    expect(status(relay)).toBe("deactivated.byOwner");
    expect(relay.began).toEqual(["applyRelay"]);
    expect(seats(relay)).toEqual([[TILL, "off"]]);
    expect(relay.context).toMatchObject({ closedAt: T0, paidThrough: addMonths(T0, 1) });
  });

  test("covered, it is provisioned again and keeps its dates", () => {
    const relay = deactivated().send({ type: "REOPEN", covered: true });
    expect(status(relay)).toBe("provisioning.prompt");
    expect(relay.context).toMatchObject({ paidThrough: addMonths(T0, 1), closedAt: null });
    expect(status(apply(relay))).toBe("active");
  });

  test("not covered, it waits for its new purchase and forgets its dates", () => {
    const relay = deactivated().send({ type: "REOPEN", covered: false });
    expect(status(relay)).toBe("pending");
    expect(relay.context).toMatchObject({ paidThrough: null, prepaid: false });
    expect(relay.began).toEqual([]);
    expect(status(relay.send(paid))).toBe("provisioning.prompt");
  });

  test("a lapsed one comes back like one that its owner switched off", () => {
    const relay = aRelay("basic").send({ type: "LAPSED" }).send({ type: "REOPEN", covered: false });
    expect(status(relay)).toBe("pending");
  });

  test("one that an admin switched off is not its owner's to bring back or to switch off", () => {
    const relay = active().send({ type: "admin.deactivate", reason });
    expect(seats(relay)).toEqual([[TILL, "shut"]]);
    for (const type of ["DEACTIVATE", "HOLD", "RELEASE", "LAPSED", "admin.suspend"])
      expect(relay.allows({ type })).toBe(false);
    relay.send({ type: "REOPEN", covered: true });
    expect(status(relay)).toBe("deactivated.byAdmin");
  });

  test("one that an admin switched off is given back to its owner, still off", () => {
    const relay = active().send({ type: "admin.deactivate", reason });
    relay.send({ type: "admin.unsuspend", reason });
    expect(status(relay)).toBe("deactivated.byOwner");
    relay.send({ type: "REOPEN", covered: true });
    expect(status(relay)).toBe("provisioning.prompt");
  });

  test("an admin may switch off what is off already, so that its owner cannot bring it back", () => {
    for (const relay of [deactivated(), aRelay("basic").send({ type: "LAPSED" })]) {
      relay.send({ type: "admin.deactivate", reason });
      expect(status(relay)).toBe("deactivated.byAdmin");
      expect(seats(relay)).toEqual([[TILL, "shut"]]);
    }
  });
});
