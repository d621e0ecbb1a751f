import type { Queries } from "../db/index.ts";
import { communityActor, tenantActor } from "../machines/addresses.ts";
import { roomOf } from "../machines/tenant/outputs.ts";
import type { Host } from "./host/host.ts";

/** So many at once: they share commits, and memory does not grow with the number of relays. */
const GROUP_MAX = 256;

/**
 * Makes the actor that keeps a relay's people, where a relay of an earlier version has none. New relays are
 * made with theirs. @returns how many
 */
export async function openCommunities(host: Host, queries: Queries): Promise<number> {
  let opened = 0;
  for (;;) {
    const relays = await queries.communities.withoutActor(GROUP_MAX);
    if (relays.length === 0) return opened;
    await Promise.all(relays.map(({ id, tenant }) => open(host, id, tenant)));
    opened += relays.length;
  }
}

async function open(host: Host, relay: string, tenant: string): Promise<void> {
  await host.transact(tenant, (tx) => {
    const id = communityActor(relay);
    const till = tx.read(tenantActor(tenant))?.persisted.context;
    const seat = till?.seats[relay];
    if (!seat) throw new Error(`the till of ${relay} does not know it`);
    tx.create(id, "community", { relay, tenant, ...roomOf(seat) }, { cause: "boot" });
  });
}
