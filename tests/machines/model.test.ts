/** Every machine, walked: each step out of each state, and every simple path from the beginning. */
import { describe, expect, test } from "bun:test";
import { getInitialMicrosteps, getMicrosteps } from "xstate";
import { invoiceActor, tenantActor } from "../../machines/addresses.ts";
import { at } from "../../machines/durable.ts";
import { type MachineName, machines, tells } from "../../machines/index.ts";
import { answer } from "../../server/host/xstate.ts";
import { settled, T0, TENANT } from "./build.ts";
import { modelsOf } from "./fixtures.ts";
import { checkStep, givenSats, heldSats, postedSats } from "./invariants.ts";
import { everyStep, type Model, nodeIds, restOf, type Step, walkSimplePaths } from "./model.ts";

/** Ends: nothing leads out of them, and they still answer. By region where there are several. */
const ENDS: Record<MachineName, Record<string, string[]>> = {
  tenant: { status: [], billing: [], wallet: [] },
  relay: { status: [], zooid: [] },
  invoice: { "": ["paid", "expired", "void"] },
  notice: { "": ["delivered", "missed"] },
  community: { seats: [], errands: [], list: [] },
};

const actorIds: Record<MachineName, string> = {
  tenant: tenantActor(TENANT),
  relay: "relay/r1",
  invoice: invoiceActor("i1"),
  notice: "notice/i1/due",
  community: "community/r1",
};

const restIn = (snapshot: Step["after"], region: string): string =>
  restOf(snapshot.value, region === "" ? undefined : region);

for (const name of Object.keys(modelsOf) as MachineName[]) {
  const machine = machines[name];
  const steps = new Map(modelsOf[name].map((model) => [model, everyStep(model)]));
  const all = [...steps.values()].flat();

  const [main = ""] = Object.keys(ENDS[name]);
  const along = new Set<string>();
  const carriers: readonly string[] = tells[name];

  /** Sats in less sats out is what an actor holds more than before. */
  const checkSats = ({ event, before, after, decision }: Step, model: Model<unknown>): void => {
    const carried = carriers.includes(event.type) ? Number(event.sats ?? 0) : 0;
    const given = before
      ? carried
      : Number((model.input as { creditSats?: number }).creditSats ?? 0);
    const id = actorIds[name];
    const gainedSats = given + postedSats(decision, id) - givenSats(decision, id);
    expect(heldSats(name, after) - (before ? heldSats(name, before) : 0)).toBe(gainedSats);
    if (event.type === "SETTLED") expect(postedSats(decision, id)).toBe(Number(event.sats));
    if (name === "relay" || name === "notice" || name === "community") expect(gainedSats).toBe(0);
  };
  const check = (model: Model<unknown>) => (step: Step) => {
    const examples = model.examples(step.after.context, step.at);
    const examplesOf = (type: string) =>
      examples[type]?.length ? examples[type] : [{ type, relay: "r1" }];
    checkStep(machine, tells[name], examplesOf, step);
    checkSats(step, model);
  };

  describe(`the ${name}`, () => {
    for (const model of modelsOf[name]) {
      test(`${model.name} keeps every invariant on every step out of every state`, () => {
        for (const step of steps.get(model) ?? []) check(model)(step);
      }, 60_000);
      test(`${model.name} keeps every invariant along every simple path`, () => {
        walkSimplePaths(model, (step) => {
          check(model)(step);
          along.add(restIn(step.after, main));
        });
      }, 60_000);
    }

    test("the simple paths come to wherever an actor can rest", () => {
      const rests = all.map(({ after }) => restIn(after, main));
      expect([...along].sort()).toEqual([...new Set(rests)].sort());
    });

    test("every state of the chart is reached, also those that are only passed through", () => {
      const unseen = new Set(nodeIds(machine.root));
      for (const { after } of all) for (const node of after._nodes) unseen.delete(node.id);
      for (const [model, taken] of steps)
        for (const { before, event, at: ms } of unseen.size > 0 ? taken : []) {
          const micro = at(ms, () =>
            before
              ? getMicrosteps(machine, before as never, event as never)
              : getInitialMicrosteps(machine, model.input as never),
          );
          for (const [{ _nodes }] of micro) for (const node of _nodes) unseen.delete(node.id);
        }
      expect([...unseen]).toEqual([]);
    }, 60_000);

    for (const [region, ends] of Object.entries(ENDS[name]))
      test(`every rest state${region && ` of '${region}'`} has a way out${ends.length > 0 ? `, but ${ends.join(", ")}` : ""}`, () => {
        const rests = new Set(all.map(({ after }) => restIn(after, region)));
        const left = new Set(
          all.flatMap(({ before, after }) => {
            const from = before && restIn(before, region);
            return from !== null && from !== restIn(after, region) ? [from] : [];
          }),
        );
        expect([...rests.difference(left)].sort()).toEqual([...ends].sort());
      });
  });
}

test("money that reaches an ended invoice is taken in and given to the tenant whole", () => {
  const ended = modelsOf.invoice
    .flatMap(everyStep)
    .filter(({ before }) => before && !before.matches("pending"));
  const paid = ended.filter(({ event }) => event.type === "SETTLED");
  expect(new Set(paid.map(({ before }) => before?.value))).toEqual(
    new Set(["paid", "expired", "void"]),
  );
  for (const { before, event, decision } of paid) {
    expect(answer(machines.invoice, before!, settled(1, T0), T0)).toBe("enabled");
    expect(decision.outputs.filter((output) => output.type === "tell")).toEqual([
      {
        type: "tell",
        tell: {
          to: tenantActor(TENANT),
          event: { type: "CREDIT", sats: event.sats, why: "paid after the end i1" },
          sats: event.sats,
        } as never,
      },
    ]);
  }
});
