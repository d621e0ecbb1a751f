/** Stored snapshots of every shape that was ever shipped: `snapshots/<machine>-v<version>-<state>.json`. */
import { join } from "node:path";
import { type MachineName, machines } from "../../machines/index.ts";
import type { PersistedSnapshot } from "../../server/host/xstate.ts";
import { everyStep, type Model, restOf } from "./model.ts";
import { invoiceModel, relayModel, tenantModel } from "./models.ts";

export const SNAPSHOTS = join(import.meta.dir, "snapshots");

export type Fixture = {
  machine: MachineName;
  version: string;
  /** Where the actor rests, all regions. */
  state: string;
  snapshot: PersistedSnapshot;
};

/** What the walks of a machine begin from; a paid one first. */
export const modelsOf = {
  tenant: [tenantModel("basic"), tenantModel("free")],
  relay: [relayModel("basic"), relayModel("free")],
  invoice: [invoiceModel(4_000), invoiceModel(0), invoiceModel(10_000)],
} as unknown as Record<MachineName, Model<unknown>[]>;

export const fileOf = ({ machine, version, state }: Fixture): string =>
  `${machine}-v${version}-${state.replaceAll(/[^A-Za-z]+/g, "-")}.json`;

/** One snapshot of every state in which an actor of this machine can rest: the fullest that a walk met. */
export function restsOf(name: MachineName): Fixture[] {
  const fullest = new Map<string, { json: string; fixture: Fixture }>();
  for (const model of modelsOf[name])
    for (const { decision } of everyStep(model)) {
      const state = restOf(decision.persisted.value);
      const json = decision.snapshot;
      if (json.length <= (fullest.get(state)?.json.length ?? 0)) continue;
      const version = machines[name].version ?? "";
      const snapshot = JSON.parse(json) as PersistedSnapshot;
      fullest.set(state, { json, fixture: { machine: name, version, state, snapshot } });
    }
  return [...fullest.values()].map(({ fixture }) => fixture);
}
