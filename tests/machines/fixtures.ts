/** Stored snapshots of every shape that was ever shipped: `snapshots/<machine>-v<version>-<state>.json`. */
import { join } from "node:path";
import { type MachineName, machines } from "../../machines/index.ts";
import type { PersistedSnapshot } from "../../server/host/xstate.ts";
import { everyStep, type Model, restOf } from "./model.ts";
import { communityModel, invoiceModels, noticeModel, relayModel } from "./models.ts";
import { tenantModels } from "./tenant/model.ts";

export const SNAPSHOTS = join(import.meta.dir, "snapshots");

export type Fixture = {
  machine: MachineName;
  version: string;
  /** Where the actor rests, all regions. */
  state: string;
  /** When it came there, epoch ms. */
  at: number;
  snapshot: PersistedSnapshot;
};

/** The lives in which a machine is walked. */
export const modelsOf = {
  tenant: tenantModels,
  relay: [relayModel("basic"), relayModel("free")],
  invoice: invoiceModels,
  notice: [noticeModel],
  community: [communityModel],
} as unknown as Record<MachineName, Model<unknown>[]>;

export const fileOf = ({ machine, version, state }: Fixture): string =>
  `${machine}-v${version}-${state.replaceAll(/[^A-Za-z]+/g, "-")}.json`;

/** One snapshot of every state in which an actor of this machine can rest: the fullest that a walk met. */
export function restsOf(name: MachineName): Fixture[] {
  const fullest = new Map<string, { json: string; fixture: Fixture }>();
  for (const model of modelsOf[name])
    for (const { at, decision } of everyStep(model)) {
      // What is due is fired before anything else happens: nobody finds an actor like that.
      if ([...decision.alarms.values()].some((dueAt) => dueAt <= at)) continue;
      const state = restOf(decision.persisted.value);
      const json = decision.snapshot;
      if (json.length <= (fullest.get(state)?.json.length ?? 0)) continue;
      const version = machines[name].version ?? "";
      const snapshot = JSON.parse(json) as PersistedSnapshot;
      fullest.set(state, { json, fixture: { machine: name, version, state, at, snapshot } });
    }
  return [...fullest.values()].map(({ fixture }) => fixture);
}
