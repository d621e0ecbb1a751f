/**
 * The doors of actors: what of them does not compile, and what throws. Each `@ts-expect-error` is a check
 * that `bun run typecheck` makes: it fails where such a line compiles.
 */
import { expect, test } from "bun:test";
import { transition } from "xstate";
import {
  communityActor,
  invoiceActor,
  noticeActor,
  relayActor,
  tenantActor,
} from "../../machines/addresses.ts";
import { at } from "../../machines/durable.ts";
import { machines } from "../../machines/index.ts";
import { relaySetup } from "../../machines/relay/setup.ts";
import { tenantSetup } from "../../machines/tenant/setup.ts";
import type { Host, Tx } from "../../server/host/host.ts";
import { T0, TENANT } from "./build.ts";

const meta = { cause: "test" };

/** Never called: what is said to an actor is checked by the compiler. */
export async function misspelt(host: Host, tx: Tx): Promise<void> {
  const change = { relay: "r1", plan: "basic", invoice: "i1" } as const;
  tx.send(tenantActor(TENANT), { type: "CHANGE", ...change }, meta);
  // @ts-expect-error a misspelt command
  tx.send(tenantActor(TENANT), { type: "CHAGNE", ...change }, meta);
  // @ts-expect-error an order without its fields
  await host.send(tenantActor(TENANT), { type: "ORDER" }, meta);
  // @ts-expect-error a relay's command, to an invoice
  await host.send(invoiceActor("i1"), { type: "DEACTIVATE" }, meta);
  // @ts-expect-error an act without its reason
  tx.send(relayActor("r1"), { type: "admin.suspend" }, meta);
}

/** Never called: what is read of an actor is what its own machine keeps. */
export async function misread(host: Host, tx: Tx): Promise<unknown[]> {
  const tenant = tx.read(tenantActor(TENANT))?.persisted.context;
  const relay = (await host.read(relayActor("r1")))?.persisted.context;
  return [
    tenant?.creditSats,
    relay?.subdomain,
    // @ts-expect-error a relay has no credit
    relay?.creditSats,
    // @ts-expect-error a tenant has no name
    tenant?.subdomain,
  ];
}

test("every persisted machine has an address that knows it", () => {
  const addresses = [tenantActor, relayActor, communityActor, invoiceActor, noticeActor];
  const kinds = addresses.map((address) => address("x").replace("/x", ""));
  expect(kinds.sort()).toEqual(Object.keys(machines).sort());
});

test("a transformation that is wired to another event throws", () => {
  const tenant = tenantSetup.createMachine({
    context: () => ({ seats: {} }) as never,
    on: { WALLET_SET: { actions: "addSeat" } },
  });
  const relay = relaySetup.createMachine({
    context: () => ({}) as never,
    on: { HOLD: { actions: "edit" }, RELEASE: { guard: "isCoveredByTenant", actions: "edit" } },
  });
  const take = (machine: typeof tenant | typeof relay, type: string) => () =>
    at(T0, () => {
      const first = machine.resolveState({ value: {}, context: {} as never });
      return transition(machine as never, first as never, { type } as never);
    });
  expect(take(tenant, "WALLET_SET")).toThrow("ORDER");
  expect(take(relay, "HOLD")).toThrow("EDIT");
  expect(take(relay, "RELEASE")).toThrow("REOPEN");
});
