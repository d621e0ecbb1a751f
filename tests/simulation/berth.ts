/** Berth as the simulation runs it: the real host, handlers, projections and watch, in the world. */
import type { Db } from "../../db/database.ts";
import { createQueries } from "../../db/index.ts";
import { sqliteStore } from "../../db/sqlite-store.ts";
import type { Store } from "../../db/store.ts";
import { machines, migrations, tells } from "../../machines/index.ts";
import type { BillingParts } from "../../server/effects/billing.ts";
import { createEffects } from "../../server/effects/index.ts";
import type { EffectParts } from "../../server/effects/parts.ts";
import type { Effect } from "../../server/host/effect.ts";
import { Host } from "../../server/host/host.ts";
import { project } from "../../server/projections/index.ts";
import { createSettlements } from "../../server/settlements.ts";
import type { ReceivingWallet } from "../../server/wallet/wallet.ts";
import { SettlementWatch } from "../../server/watch.ts";
import type { ZooidClient } from "../../server/zooid/client.ts";
import type { PeopleClient } from "../../server/zooid/people/people.ts";

export type Hooks = {
  backoffCapMs?: number;
  store?: (store: Store) => Store;
  effect?: (effect: Effect) => Effect;
  /** Told of what must never happen. */
  onDefect: (what: string) => void;
};

/** All that lies outside of it. */
export type Outside = {
  agenda: { now: () => number };
  lightning: ReceivingWallet;
  zooidClient: Pick<ZooidClient, "apply">;
  pay: BillingParts["pay"];
  deliver: BillingParts["deliver"];
};

export function openBerth(db: Db, world: Outside, hooks: Hooks) {
  const { backoffCapMs, store = (same) => same, effect = (same) => same, onDefect } = hooks;
  const queries = createQueries(db);
  const clock = { now: world.agenda.now };
  const parts: EffectParts = {
    clock,
    queries,
    read: (id) => host.read(id),
    report: (settlement) => report(settlement),
    secretOf: async () => "",
    wallet: world.lightning,
    relayDomain: "sim.example",
    livekit: null,
    ...(backoffCapMs === undefined ? {} : { backoffCapMs }),
  };
  const { zooidClient: zooid, pay, deliver } = world;
  const effects = createEffects({ ...parts, zooid, pay, deliver, community: nobody });
  const host = new Host({
    store: store(sqliteStore(db)),
    clock,
    machines: {
      tenant: { machine: machines.tenant, tells: tells.tenant, migrate: migrations.tenant },
      relay: { machine: machines.relay, tells: tells.relay, migrate: migrations.relay },
      invoice: { machine: machines.invoice, tells: tells.invoice, migrate: migrations.invoice },
      notice: { machine: machines.notice, tells: tells.notice, migrate: migrations.notice },
      community: {
        machine: machines.community,
        tells: tells.community,
        migrate: migrations.community,
      },
    },
    effects: Object.fromEntries(Object.entries(effects).map(([name, e]) => [name, effect(e)])),
    project,
  });
  const take = createSettlements(host, queries);
  const report = (settlement: Parameters<typeof take>[0]) =>
    take(settlement).catch((error) => {
      onDefect(`a settlement was not taken in: ${error}`);
      throw error;
    });
  const arriving = new Set<Promise<unknown>>();
  const watch = new SettlementWatch({
    clock,
    queries,
    wallet: world.lightning,
    // What fails is told above, and found again by the next look.
    report: (settlement) => {
      const arrival = report(settlement)
        .catch(() => {})
        .finally(() => arriving.delete(arrival));
      arriving.add(arrival);
      return arrival;
    },
    watching: () => [],
  });
  host.onCommit(({ held }) => {
    for (const { actor, name, error } of held)
      onDefect(`alarm ${name} of ${actor} is held: ${error}`);
  });
  /** Waits for what our wallet told of to be taken in. */
  const arrived = () => Promise.all(arriving);
  return { host, queries, watch, arrived };
}

/** In these years nobody joins a community. */
const nobody = new Proxy({} as PeopleClient, {
  get: (_, act) => () => {
    throw new Error(`nobody was to ${String(act)}`);
  },
});
