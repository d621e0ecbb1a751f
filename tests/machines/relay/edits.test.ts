import { describe, expect, test } from "bun:test";
import { addMonths } from "../../../machines/billing/calendar.ts";
import type { Applied } from "../../../machines/relay/context.ts";
import { applied, DAY_MS, T0 } from "../build.ts";
import { aRelay } from "../lone-actor.ts";
import {
  active,
  apply,
  deactivated,
  month,
  type Relay,
  reason,
  status,
  suspended,
} from "./states.ts";

describe("edits", () => {
  test("an edit of an active relay is stored at once and applied afterwards", () => {
    const relay = active().send({ type: "EDIT", description: "And toads." });
    expect(relay.context.description).toBe("And toads.");
    expect(status(relay)).toBe("active");
    expect(relay.began).toEqual(["applyRelay"]);
  });

  test("an edit while another is applied is applied after it", () => {
    const relay = active().send({ type: "EDIT", name: "Toads" });
    const first = relay.context;
    relay.send({ type: "EDIT", name: "Newts" });
    expect(relay.began).toEqual([]);
    relay.answers("apply", applied(first.wanted, first));
    expect(relay.began).toEqual(["applyRelay"]);
    expect(relay.context.name).toBe("Newts");
  });

  test("an edit of a pending, suspended or deactivated relay is stored, not applied", () => {
    for (const relay of [aRelay("basic"), suspended(), deactivated()]) {
      relay.send({ type: "EDIT", name: "Toads" });
      expect(relay.context.name).toBe("Toads");
      expect(relay.began).toEqual([]);
    }
  });

  test("what was edited while suspended is applied when it comes back", () => {
    const relay = suspended().send({ type: "EDIT", name: "Toads" });
    relay.send({ type: "admin.unsuspend", reason });
    expect(relay.began).toEqual(["applyRelay"]);
  });

  test("a refused edit is lifted by the next edit", () => {
    const relay = active().send({ type: "EDIT", name: "Toads" });
    relay.answers("apply", { refused: "host_taken" });
    expect(relay.waitsFor).toEqual([]);
    relay.send({ type: "EDIT", name: "Newts" });
    expect(relay.context.refused).toBeNull();
    expect(relay.began).toEqual(["applyRelay"]);
  });

  test("drift is applied again although nothing new is wanted", () => {
    const relay = active();
    const { wanted } = relay.context;
    relay.send({ type: "DRIFTED" });
    expect(relay.began).toEqual(["applyRelay"]);
    expect(apply(relay).context).toMatchObject({ wanted, applied: wanted });
    expect(relay.told).toEqual([]);
  });

  test("another plan is applied, other dates are not", () => {
    const relay = active().send({ ...month, paidThrough: addMonths(T0, 2) });
    expect(relay.began).toEqual([]);
    relay.send({ ...month, plan: "growth", priceSats: 50_000 });
    expect(relay.began).toEqual(["applyRelay"]);
  });
});

describe("what the owner renamed over NIP-86", () => {
  const said = { name: "Renamed", description: "By its owner.", icon: "https://example.com/i.png" };
  const answer = (revision: number, read: { name: string; description: string }): Applied => ({
    applied: revision,
    info: said,
    read: { name: read.name, description: read.description },
  });

  test("is adopted, with the icon", () => {
    const relay = active().send({ type: "DRIFTED" });
    relay.answers("apply", answer(relay.context.wanted, relay.context));
    expect(relay.context).toMatchObject(said);
    expect(relay.context.confirmed).toEqual(said);
  });

  test("is not adopted where it was edited here in the meantime", () => {
    const relay = active().send({ type: "DRIFTED" });
    const read = relay.context;
    relay.send({ type: "EDIT", name: "Newts" });
    relay.answers("apply", answer(read.wanted, read));
    expect(relay.context.name).toBe("Newts");
    expect(relay.context.description).toBe(said.description);
    expect(relay.began).toEqual(["applyRelay"]);
  });

  test("nothing is adopted from a relay that could not be read", () => {
    const relay = active().send({ type: "DRIFTED" });
    relay.answers("apply", { applied: relay.context.wanted, info: null, read: said });
    expect(relay.context).toMatchObject({ name: "Frogs", confirmed: null });
  });
});

describe("renaming", () => {
  const rename = (relay: Relay, subdomain: string) => relay.send({ type: "EDIT", subdomain });

  test("keeps the old name for its owner for 30 days", () => {
    const relay = rename(active(), "toads");
    expect(relay.context.subdomain).toBe("toads");
    expect(relay.context.renamedAt).toBe(T0);
    expect(relay.context.freed).toEqual([{ subdomain: "frogs", until: T0 + 30 * DAY_MS }]);
    expect(relay.context.schema).toBe("frogs");
  });

  test("keeps no name that zooid never served", () => {
    expect(rename(aRelay("basic"), "toads").context.freed).toEqual([]);
  });

  test("back to an old name gives that one up as kept, and forgets what is over", () => {
    const relay = rename(active(), "toads").wait(2 * DAY_MS);
    rename(relay, "frogs");
    expect(relay.context.freed).toEqual([{ subdomain: "toads", until: T0 + 32 * DAY_MS }]);
    rename(relay.wait(40 * DAY_MS), "newts");
    expect(relay.context.freed.map(({ subdomain }) => subdomain)).toEqual(["frogs"]);
  });

  test("of a deactivated relay keeps its name from deactivation on, not longer", () => {
    const relay = rename(deactivated().wait(10 * DAY_MS), "toads");
    expect(relay.context.freed).toEqual([{ subdomain: "frogs", until: T0 + 30 * DAY_MS }]);
    expect(rename(deactivated().wait(31 * DAY_MS), "toads").context.freed).toEqual([]);
  });

  test("is not what an edit of the name or description is", () => {
    const relay = active().send({ type: "EDIT", name: "Toads" });
    expect(relay.context).toMatchObject({ freed: [], renamedAt: null, subdomain: "frogs" });
  });
});

describe("what was changed at the relay itself", () => {
  const words = (name: string) => ({ name, description: "A pond.", icon: "" });
  /** What zooid holds, said by its relay; `over` is what it held before. */
  const seen = (relay: Relay, name: string, over = relay.context.confirmed) =>
    relay.send({ type: "ADOPTED", info: words(name), over: over ?? words("") });

  test("is adopted without being written again", () => {
    const relay = active();
    seen(relay, "Lake");
    expect(relay.context).toMatchObject({ ...words("Lake"), confirmed: words("Lake") });
    expect(relay.began).toEqual([]);
  });

  test("is what the next change starts from", () => {
    const relay = active();
    seen(relay, "Lake");
    seen(relay, "Sea");
    expect(relay.context.name).toBe("Sea");
  });

  test("is not adopted over what it was not compared with, nor while an edit is applied", () => {
    const relay = active();
    seen(relay, "Lake", words("Something older"));
    expect(relay.context.name).not.toBe("Lake");
    const over = relay.context.confirmed;
    relay.send({ type: "EDIT", name: "Ours" });
    seen(relay, "Lake", over);
    expect(relay.context.name).toBe("Ours");
  });

  test("said again changes nothing", () => {
    const relay = active();
    seen(relay, "Lake");
    const { context } = relay;
    seen(relay, "Lake");
    expect(relay.context).toEqual(context);
  });
});
