import { join } from "node:path";
import { hexToBytes } from "nostr-tools/utils";
import { openDatabase } from "../db/database.ts";
import { isInMemory, privately, realDatabasePath } from "../db/files.ts";
import { createQueries } from "../db/index.ts";
import { lockDatabase } from "../db/lock.ts";
import { DatabaseRefused } from "../db/refusal.ts";
import { sqliteStore } from "../db/sqlite-store.ts";
import { communityActor, relayActor } from "../machines/addresses.ts";
import type { CommunityFinding } from "../machines/community/context.ts";
import type { RelayFinding } from "../machines/relay/context.ts";
import { createApp } from "./app.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { CommandParts } from "./commands/index.ts";
import { createKeeper } from "./community-keeper.ts";
import { type Config, publicUrlOf } from "./config.ts";
import { ownRelayOf } from "./effects/community.ts";
import { wantedOf } from "./effects/desired-relay.ts";
import { createEffects, laneConcurrency } from "./effects/index.ts";
import type { EffectParts } from "./effects/parts.ts";
import { askAbout } from "./effects/wallet.ts";
import { createFolding } from "./folding.ts";
import { forecast } from "./forecast.ts";
import { logTroubles, walletTroubles, zooidTroubles } from "./health.ts";
import { relayHistory } from "./history.ts";
import { AlarmClock } from "./host/alarms.ts";
import { migrateActors } from "./host/boot.ts";
import { Feed } from "./host/feed.ts";
import { Host } from "./host/host.ts";
import { Outbox } from "./host/outbox.ts";
import { createEdge } from "./http/edge.ts";
import { createLimits, type LimitOptions, productionLimits } from "./http/limits.ts";
import { describe, log } from "./log.ts";
import { publicKeyOf } from "./nostr/event.ts";
import { createNip98, type Nip98 } from "./nostr/nip98.ts";
import type { Schnorr } from "./nostr/schnorr.ts";
import { openSeenIds } from "./nostr/seen-ids.ts";
import { chooseSchnorr } from "./nostr/signatures.ts";
import { createNoticeSender } from "./notice-sender.ts";
import { openCommunities } from "./open-communities.ts";
import { createOutside, type OutsideTuning } from "./outside.ts";
import { project } from "./projections/index.ts";
import { registered } from "./registered.ts";
import { provePlatformSecret } from "./secret-probe.ts";
import { createVault, type Secret } from "./secrets.ts";
import { createSettlements } from "./settlements.ts";
import { actorRefused } from "./stored-versions.ts";
import { createTenantWallets } from "./tenant-wallets.ts";
import { createChecks } from "./wallet/checks.ts";
import { SettlementWatch } from "./watch.ts";
import { whyRelay } from "./why.ts";
import { createPatrol } from "./zooid/patrol.ts";

/** What the sandbox sets otherwise than production does. */
export type Tuning = OutsideTuning & {
  clock: Clock;
  limits: LimitOptions;
  /** How relays are reached from outside. */
  relayScheme: "ws" | "wss";
  /** Whose word on the signatures of requests counts; what the process signs with if absent. */
  verifier?: Pick<Schnorr, "verify">;
  backoffCapMs?: number;
  /** Where the pages were built; production's if absent. */
  webDirectory?: string;
  /** Real time between two events `now` of a live feed. */
  heartbeatMs?: number;
};

const production: Tuning = {
  clock: systemClock,
  limits: productionLimits,
  network: "bc",
  relayScheme: "wss",
};

/** Nobody repeats a request after this long. */
const IDEMPOTENCY_KEPT_MS = 7 * 86_400_000;

export type Berth = Awaited<ReturnType<typeof createBerth>>;

/**
 * Puts Berth together on its database: lock, migrations, host, clients, routes. Nothing runs and
 * nobody listens before `start`.
 *
 * @throws DatabaseRefused where this is not a database that it may work on, or a stored actor cannot be
 * migrated; Error when the machines are not durable
 */
export async function createBerth(config: Config, tuning: Tuning = production) {
  const { clock } = tuning;
  const file = realDatabasePath(config.databasePath);
  /** What is given back in the end, or where this is no database to work on; the last first. */
  const held = new DisposableStack();
  held.defer(lockDatabase(file));
  const db = heldWith(held, () => openDatabase(file));
  held.defer(() => db.close());
  const queries = createQueries(db);
  const secretKey = hexToBytes(config.platformSecret.reveal());
  const vault = createVault(secretKey);
  const seenPath = isInMemory(file) ? file : `${file}.seen`;
  const seen = heldWith(held, () => privately(seenPath, () => openSeenIds(seenPath)));
  held.defer(() => seen.close());
  const defect = (message: string, error: unknown) => log("error", message, describe(error));
  const { schnorr, distrusted } = chooseSchnorr(config.nativeSignatures);
  if (distrusted) log("warn", "libsecp256k1 fails the vectors of BIP-340 and is not used");

  const outside = createOutside(config, secretKey, clock, tuning);
  held.defer(() => outside.close());
  const { wallet, walletPulse, zooid, pulse } = outside;
  let publicUrl = config.publicUrl ?? "";
  const open = async (id: string): Promise<Secret> => {
    const sealed = await queries.secrets.get(id);
    if (!sealed) throw new Error(`no secret is stored for ${id}`);
    return vault.open(sealed, id);
  };
  const { livekit } = config;
  const parts: EffectParts = {
    clock,
    queries,
    wallet,
    read: (id) => host.read(id),
    report: (settlement) => report(settlement),
    secretOf: async (id) => (await open(id)).reveal(),
    relayDomain: config.relayDomain,
    livekit: livekit && { ...livekit, apiSecret: livekit.apiSecret.reveal() },
    ...(tuning.backoffCapMs ? { backoffCapMs: tuning.backoffCapMs } : {}),
    ...(tuning.walletTimeoutMs ? { walletTimeoutMs: tuning.walletTimeoutMs } : {}),
  };
  const host: Host = new Host({
    store: sqliteStore(db),
    clock,
    machines: registered,
    effects: createEffects({
      ...parts,
      zooid,
      community: outside.community,
      pay: (...payment) => tenantWallets.pay(...payment),
      deliver: createNoticeSender({
        operator: config.operator,
        read: (id) => host.read(id),
        queries,
        clock,
        secretKey,
        messenger: outside.messenger,
        publicUrl: () => publicUrl,
        relayUrl: (subdomain) => `${tuning.relayScheme}://${subdomain}.${config.relayDomain}`,
      }),
    }),
    project,
    onStorage(failure) {
      if (failure === null) log("info", "the disk takes what is written again", { file });
      else
        log(
          "error",
          "nothing can be saved: free space, or make the disk writable; all goes on then",
          {
            file,
            ...describe(failure),
          },
        );
    },
  });
  const report = createSettlements(host, queries);
  const outbox = new Outbox(host, { concurrency: laneConcurrency, onDefect: defect });
  const alarms = new AlarmClock(host, defect, outbox);
  const feed = new Feed(host);
  const watched = new Map<string, number>();
  const watch =
    wallet &&
    new SettlementWatch({
      clock,
      queries,
      wallet,
      report,
      watching: () => watched.keys(),
    });
  const place = ({ id, subdomain }: { id: string; subdomain: string }) => ({
    id,
    host: `${subdomain}.${config.relayDomain}`,
  });
  const beat = (part: typeof queries.relays.served) => ({
    after: async (id: string, limit: number) => (await part.after(id, limit)).map(place),
    count: part.count,
  });
  /** What was found out about a relay or its people, which is never a person's doing. */
  const tellFinding = (
    cause: "patrol" | "keeper",
    actor: string,
    event: RelayFinding | CommunityFinding,
  ): void => {
    const origin = { cause, by: null, reason: null };
    host.store
      .scopeOf(actor)
      .then((scope) =>
        host.deliver(scope ?? actor, (run) => run.deliver(actor, event, run.now, "result", origin)),
      )
      .catch((error) => defect(`${event.type} of ${actor} could not be told`, error));
  };
  const patrol = createPatrol({
    zooid,
    pulse,
    served: beat(queries.relays.served),
    dark: beat(queries.relays.dark),
    watched: async () =>
      (await Promise.all([...watched.keys()].map(queries.relays.servedOf))).flat().map(place),
    wanted: (id) => wantedOf(parts, id),
    onDrift: (id) => tellFinding("patrol", relayActor(id), { type: "DRIFTED" }),
    onNews: (id, info, over) =>
      tellFinding("patrol", relayActor(id), { type: "ADOPTED", info, over }),
    onError: (error) => defect("the patrol failed", error),
  });

  const keeper = createKeeper({
    community: outside.community,
    served: queries.relays.served,
    relayOf: (id) => ownRelayOf(parts, id),
    mirrorOf: async (id) => ({
      members: (await queries.communities.allMembers(id)).map(({ pubkey }) => pubkey),
      banned: (await queries.communities.bans(id)).map(({ pubkey }) => pubkey),
    }),
    onDifference: (id) => tellFinding("keeper", communityActor(id), { type: "LOOK" }),
    onError: (error) => defect("the keeper of communities failed", error),
  });

  const platformPubkey = publicKeyOf(secretKey);
  const troubles = () => [
    ...zooidTroubles(pulse, platformPubkey),
    ...walletTroubles(walletPulse),
    ...outside.troubles(),
  ];
  const tellTroubles = logTroubles(troubles, platformPubkey);
  pulse.onChange(tellTroubles);
  walletPulse?.onChange(tellTroubles);
  const blocked = await queries.queue.mismatch();
  if (blocked !== null) walletPulse?.suspect(blocked);

  let nip98: Nip98 | null = null;
  const folding = createFolding({
    ...{ host, queries, clock },
    onError: (error) => host.storage.failed(error) || defect("no journal can be folded", error),
  });
  const limits = createLimits(tuning.limits);
  const edge = createEdge({
    limits,
    nip98: () => {
      if (!nip98) throw new Error("nobody listens yet");
      return nip98;
    },
    isStorageFailure: (error) => host.storage.failed(error),
    onFailure: (id, error) => log("error", "a request failed", { id, ...describe(error) }),
  });
  const commands: CommandParts = {
    host,
    queries,
    clock,
    vault,
    relayDomain: config.relayDomain,
    ownHosts: [config.zooidApiUrl, config.publicUrl ?? ""].flatMap(hostOf),
    canBill: () =>
      wallet === null ? "not_configured" : walletPulse?.trouble() ? "not_now" : "yes",
    quotas: tuning.limits,
    network: tuning.network,
  };
  const tenantWallets = createTenantWallets({ commands, queries, payer: outside.payer, open });
  const app = createApp({
    ...commands,
    edge,
    limits,
    feed,
    webDirectory: tuning.webDirectory ?? join(import.meta.dir, "../dist/web"),
    origin: () => publicUrl,
    ...(tuning.heartbeatMs ? { heartbeatMs: tuning.heartbeatMs } : {}),
    walletPubkey: wallet?.pubkey ?? null,
    connectRelays: config.indexerRelays,
    admins: config.adminPubkeys,
    tenantWallets,
    forecast,
    why: (relay) => whyRelay(host, relay),
    history: relayHistory,
    secretOf: parts.secretOf,
    people: outside.people,
    images: outside.images,
    address: { scheme: tuning.relayScheme, relayDomain: config.relayDomain },
    check: createChecks((invoice, signal) => askAbout(parts, invoice, signal)),
    closedLanes: () => outbox.closedLanes(),
    canSave: () => host.storage.isWritable,
    troubles,
    unclearPayments: () => watch?.unclear() ?? [],
    pulse,
    offer: { calls: livekit !== null, payments: wallet !== null },
    operator: config.operator,
    platformPubkey,
    watching(tenant) {
      watched.set(tenant, (watched.get(tenant) ?? 0) + 1);
      return () => {
        const left = (watched.get(tenant) ?? 1) - 1;
        if (left === 0) watched.delete(tenant);
        else watched.set(tenant, left);
      };
    },
  });
  const refuse = (cause: Error): never => {
    held.dispose();
    throw cause instanceof DatabaseRefused ? cause : actorRefused(file, cause);
  };
  await migrateActors(host)
    .then(() => openCommunities(host, queries))
    .then(() => provePlatformSecret({ host, queries, vault, file }))
    .catch(refuse);

  return {
    app,
    host,
    queries,
    outbox,
    alarms,
    watch,
    patrol,
    keeper,
    pulse,
    platformPubkey,
    /** What signs and verifies: `tiny-secp256k1` or `libsecp256k1`. */
    signatures: schnorr.name,

    /** Begins to work and to listen. @returns the URL that NIP-98 tokens must name. */
    async start(): Promise<string> {
      await queries.idempotency.prune(Math.floor((clock.now() - IDEMPOTENCY_KEPT_MS) / 1000));
      await outbox.start().catch(refuse);
      alarms.start();
      watch?.start();
      patrol.start();
      folding.start();
      keeper.start();
      app.listen({
        hostname: config.host,
        port: config.port,
        // A second server on a port that is taken must fail, not share it.
        reusePort: false,
        development: false,
      });
      publicUrl = publicUrlOf(config, app.server?.port ?? config.port);
      nip98 = createNip98({ publicUrl, verifier: tuning.verifier ?? schnorr, seen });
      outside.introduce(publicUrl);
      return publicUrl;
    },

    /** Takes no new requests, lets what runs end, and gives the database back. */
    async stop(): Promise<void> {
      await app.server?.stop(true);
      await keeper.stop();
      folding.stop();
      await patrol.stop();
      await watch?.stop();
      await alarms.stop();
      await outbox.stop();
      await host.close();
      feed.close();
      held.dispose();
    },
  };
}

/** What `open` opens; where it fails, what is held already is given back. */
function heldWith<T>(held: DisposableStack, open: () => T): T {
  try {
    return open();
  } catch (error) {
    held.dispose();
    throw error;
  }
}

const hostOf = (url: string): string[] => (url ? [new URL(url).host, new URL(url).hostname] : []);
