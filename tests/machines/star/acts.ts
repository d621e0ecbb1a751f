/** What the stories of the star have in common: everything answers, and somebody pays. */
import { expect } from "bun:test";
import { invoiceActor } from "../../../machines/addresses.ts";
import type { TenantContext } from "../../../machines/tenant/context.ts";
import { restOf } from "../model.ts";
import { Random } from "../random.ts";
import { violations } from "./invariants.ts";
import { TILL, type World } from "./world.ts";

/** Everything that is waited for is answered well; by our wallet only while it is not silent. */
export function answerAll(world: World): void {
  const random = new Random(1);
  const next = () => [...world.star.work.values()].find((work) => world.answers(work));
  for (let work = next(); work; work = next()) {
    world.perform(work, random, 0);
    world.star.finish(work);
  }
  expect(violations(world)).toEqual([]);
}

export const till = (world: World) => world.star.actor(TILL).context as TenantContext;

/** The bolt11 of the one open invoice that has one is paid, and our wallet says so. */
export function payOpen(world: World): void {
  const open = world.issued.filter(
    ({ invoice, paidSats, expiresAt }) =>
      paidSats === null &&
      expiresAt > world.star.nowMs &&
      restOf(world.star.actor(invoiceActor(invoice)).value).startsWith("pending"),
  );
  expect(open).toHaveLength(1);
  for (const issued of open) {
    world.pay(issued, issued.sats);
    world.report(issued);
  }
}
