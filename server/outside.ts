import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import { describe, log } from "./log.ts";
import { createMessenger } from "./nostr/direct-message-delivery.ts";
import { createPeople } from "./nostr/people.ts";
import { berthProfile, publishPlatformProfile } from "./nostr/platform-profile.ts";
import type { Connect } from "./nostr/relay-link.ts";
import { createImages } from "./outbound/images.ts";
import { createOutbound } from "./outbound/outbound.ts";
import { createNwcWallet } from "./wallet/nwc.ts";
import { createPayer, PAY_TIMEOUT_MS } from "./wallet/payer.ts";
import { createZooid } from "./zooid/client.ts";

/** What the sandbox sets otherwise than production does, of everything outside. */
export type OutsideTuning = {
  /** What bolt11s must be of: mainnet, or the sandbox's regtest. */
  network: "bc" | "bcrt";
  /** Whether tenants may name relays on this machine. */
  allowLoopback?: boolean;
  walletTimeoutMs?: number;
  zooidTimeoutMs?: number;
  payTimeoutMs?: number;
};

const PROFILE_RETRY_MS = { first: 5_000, longest: 3_600_000 };

/** The clients of everything outside: our wallet, zooid, tenants' wallets, their inboxes. */
export function createOutside(
  config: Config,
  secretKey: Uint8Array,
  clock: Clock,
  tuning: OutsideTuning,
) {
  const { walletTimeoutMs, zooidTimeoutMs, payTimeoutMs = PAY_TIMEOUT_MS } = tuning;
  const outbound = createOutbound({ allowLoopback: tuning.allowLoopback ?? false });
  const { indexerRelays } = config;
  const own = createOutbound({ allowLoopback: true });
  /** A relay that the operator names may be on this machine, as the configuration says. */
  const connect: Connect = (url, signal) =>
    (indexerRelays.includes(url) ? own : outbound).connect(url, signal);
  const wallet =
    config.nwcUrl &&
    createNwcWallet({
      nwcUrl: config.nwcUrl.reveal(),
      network: tuning.network,
      clock,
      ...(walletTimeoutMs ? { timeoutMs: walletTimeoutMs } : {}),
    });
  const zooid = createZooid({
    apiUrl: config.zooidApiUrl,
    relayUrl: config.zooidRelayUrl,
    secretKey,
    ...(zooidTimeoutMs ? { timeoutMs: zooidTimeoutMs } : {}),
  });
  const messenger =
    indexerRelays.length === 0 ? null : createMessenger({ secretKey, indexerRelays, connect });
  const people = createPeople({
    secretKey,
    indexerRelays,
    connect,
    allowLoopback: tuning.allowLoopback ?? false,
  });
  const stopping = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Keeps at it until every indexer relay has the platform's profile. */
  async function publish(publicUrl: string, waitMs: number): Promise<void> {
    const reports = await publishPlatformProfile(
      {
        secretKey,
        indexerRelays,
        connect,
        profile: config.platformProfile ?? berthProfile(publicUrl),
        relays: config.platformRelays,
        dmRelays: config.platformDmRelays,
      },
      stopping.signal,
    );
    for (const { url, refused } of reports)
      for (const { kind, reason } of refused)
        log("warn", "a relay refused the platform's profile", { url, kind, reason });
    if (reports.every(({ failed }) => failed === null)) return;
    timer = setTimeout(
      () => start(publicUrl, Math.min(waitMs * 2, PROFILE_RETRY_MS.longest)),
      waitMs,
    );
  }
  function start(publicUrl: string, waitMs: number): void {
    publish(publicUrl, waitMs).catch((error) => {
      if (!stopping.signal.aborted) log("error", "the profile failed", describe(error));
    });
  }

  return {
    wallet,
    zooid,
    messenger,
    people,
    images: createImages(outbound),
    payer: createPayer({ outbound, timeoutMs: payTimeoutMs }),
    /** Publishes the platform's kind 0, 10002 and 10050, in the background. */
    introduce(publicUrl: string): void {
      if (indexerRelays.length > 0) start(publicUrl, PROFILE_RETRY_MS.first);
    },
    close(): void {
      stopping.abort();
      clearTimeout(timer);
      wallet?.close();
      messenger?.close();
      people.close();
    },
  };
}
