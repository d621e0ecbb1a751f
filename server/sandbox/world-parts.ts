import { getPublicKey } from "nostr-tools/pure";
import { hexToBytes } from "nostr-tools/utils";
import type { MovableClock } from "./clock.ts";
import { LightningNetwork } from "./lightning.ts";
import { type Nip47Method, nwcUrl } from "./nip47.ts";
import { type NostrRelay, startNostrRelay } from "./nostr-relay.ts";
import { onPreferredPort } from "./preferred-port.ts";
import { openSqlite, touchPrivately } from "./sqlite.ts";
import { Nip47Wallet } from "./wallet.ts";
import type { Budget } from "./wallet-budget.ts";
import type { WorldStore } from "./world-file.ts";
import { startZooid, type Zooid } from "./zooid/zooid.ts";

/** Where the public relay is; the wallets' paths are relays of their own. */
export const PUBLIC_PATH = "/";
const RECEIVING_PATH = "/wallet/receiving";
const TENANT_PATH = "/wallet/tenant";

const TENANT_OPENING_MSATS = 10_000_000_000;
const TENANT_BUDGET: Budget = { totalSats: 5_000_000, renewal: "monthly" };

const RECEIVING_METHODS: readonly Nip47Method[] = [
  "make_invoice",
  "lookup_invoice",
  "list_transactions",
  "get_info",
];
const TENANT_METHODS: readonly Nip47Method[] = [
  ...RECEIVING_METHODS,
  "pay_invoice",
  "get_balance",
  "get_budget",
];

/** The systems that a world is made of. */
export type WorldParts = {
  relay: NostrRelay;
  network: LightningNetwork;
  receivingWallet: Nip47Wallet;
  tenantWallet: Nip47Wallet;
  /** Secrets: whoever has them can act on the wallets. */
  receivingNwcUrl: string;
  tenantNwcUrl: string;
  zooid: Zooid;
  stop(): Promise<void>;
};

/** Starts every system, each on the port it had before when that is free. */
export async function startParts(
  store: WorldStore,
  clock: MovableClock,
  platformPubkey: string,
): Promise<WorldParts> {
  const { keys, ports } = store.file;
  // First of all: its lock makes this world wait for one that is still ending on the same data, so
  // that the ports are free again.
  const ledger = openSqlite(store.path("ledger.sqlite"));
  const network = new LightningNetwork(ledger, clock);
  const relay = await startNostrRelay({
    port: ports.relay,
    paths: [PUBLIC_PATH, RECEIVING_PATH, TENANT_PATH],
    databasePath: store.path("relay.sqlite"),
  });
  const zooidPath = store.path("zooid.sqlite");
  if (zooidPath !== null) touchPrivately(zooidPath);
  const database = zooidPath === null ? {} : { databasePath: zooidPath };
  const zooid = await onPreferredPort(ports.zooid, (port) =>
    startZooid({ port, whitelist: [platformPubkey], ...database }),
  );

  const openWallet = (
    name: "receiving" | "tenant",
    role: {
      path: string;
      openingMsats: number;
      methods: readonly Nip47Method[];
      budget: Budget | null;
    },
  ) => {
    const { service, client } = keys[name];
    const { path, openingMsats, methods, budget } = role;
    const pubkey = getPublicKey(hexToBytes(client));
    const wallet = new Nip47Wallet({
      ...{ network, db: ledger, clock, relay, path },
      alias: `Sandbox: ${name}`,
      secretKey: hexToBytes(service),
      node: network.openNode(name, openingMsats),
      connections: [{ pubkey, methods, budget, notifications: true }],
    });
    return { wallet, url: nwcUrl(wallet.pubkey, relay.url(path), client) };
  };
  const receiving = openWallet("receiving", {
    path: RECEIVING_PATH,
    openingMsats: 0,
    methods: RECEIVING_METHODS,
    budget: null,
  });
  const tenant = openWallet("tenant", {
    path: TENANT_PATH,
    openingMsats: TENANT_OPENING_MSATS,
    methods: TENANT_METHODS,
    budget: TENANT_BUDGET,
  });
  await Promise.all([receiving.wallet.connect(), tenant.wallet.connect()]);

  return {
    relay,
    network,
    zooid,
    receivingWallet: receiving.wallet,
    tenantWallet: tenant.wallet,
    receivingNwcUrl: receiving.url,
    tenantNwcUrl: tenant.url,
    async stop() {
      receiving.wallet.close();
      tenant.wallet.close();
      await Promise.all([relay.stop(), zooid.stop()]);
      ledger.close();
    },
  };
}
