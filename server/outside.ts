import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import { Unavailable } from "./errors.ts";
import { indexersSilent, type Trouble } from "./health.ts";
import { describe, log } from "./log.ts";
import { createMessenger } from "./nostr/direct-message-delivery.ts";
import { createPeople } from "./nostr/people.ts";
import { berthProfile, publishPlatformProfile } from "./nostr/platform-profile.ts";
import type { Connect } from "./nostr/relay-link.ts";
import { createImages } from "./outbound/images.ts";
import { createOutbound } from "./outbound/outbound.ts";
import { createNwcWallet } from "./wallet/nwc.ts";
import { createPayer, PAY_TIMEOUT_MS } from "./wallet/payer.ts";
import { WALLET_WARNINGS, WalletPulse } from "./wallet/pulse.ts";
import type { WalletFacts } from "./wallet/wallet-facts.ts";
import { createZooid } from "./zooid/client.ts";
import { createExchange } from "./zooid/http.ts";
import { createPeopleClient } from "./zooid/people/people.ts";
import { connectAs } from "./zooid/people/socket.ts";
import { Pulse } from "./zooid/pulse.ts";

/** What the sandbox sets otherwise than production does, of everything outside. */
export type OutsideTuning = {
  /** What bolt11s must be of: mainnet, or the sandbox's regtest. */
  network: "bc" | "bcrt";
  /** Whether tenants may name relays on this machine. */
  allowLoopback?: boolean;
  walletTimeoutMs?: number;
  walletTrialMs?: number;
  zooidTimeoutMs?: number;
  zooidSettleMs?: number;
  zooidConfirmMs?: number;
  payTimeoutMs?: number;
};

/** Real time between two tries of what is done at start until it succeeds. */
const RETRY_MS = { first: 5_000, longest: 300_000 };

/** A list of 60,000 people. */
const PEOPLE_BYTES_MAX = 8 * 1024 * 1024;

/** A wallet that answers so keeps to itself what the connection can do. */
const TELLS_NOTHING = new Set(["wallet_not_implemented", "wallet_restricted"]);

/** The clients of everything outside: our wallet, zooid, tenants' wallets, their inboxes. */
export function createOutside(
  config: Config,
  secretKey: Uint8Array,
  clock: Clock,
  tuning: OutsideTuning,
) {
  const {
    walletTimeoutMs,
    zooidTimeoutMs,
    zooidSettleMs,
    zooidConfirmMs,
    payTimeoutMs = PAY_TIMEOUT_MS,
  } = tuning;
  const outbound = createOutbound({ allowLoopback: tuning.allowLoopback ?? false });
  const { indexerRelays } = config;
  const own = createOutbound({ allowLoopback: true, allowPrivate: true });
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
  const pulse = new Pulse(() => clock.now());
  const zooid = createZooid({
    pulse,
    apiUrl: config.zooidApiUrl,
    relayUrl: config.zooidRelayUrl,
    secretKey,
    ...(zooidTimeoutMs ? { timeoutMs: zooidTimeoutMs } : {}),
    ...(zooidSettleMs ? { settleMs: zooidSettleMs } : {}),
    ...(zooidConfirmMs ? { confirmMs: zooidConfirmMs } : {}),
  });
  const relayUrl = `${config.zooidRelayUrl.replace(/\/+$/, "")}/`;
  const community = createPeopleClient({
    relayUrl,
    exchange: createExchange({
      fetch,
      timeoutMs: zooidTimeoutMs ?? 5_000,
      maxAnswerBytes: PEOPLE_BYTES_MAX,
    }),
    hosts: zooid,
    connect: connectAs(relayUrl),
  });
  const messenger =
    indexerRelays.length === 0 ? null : createMessenger({ secretKey, indexerRelays, connect });
  const people = createPeople({
    secretKey,
    indexerRelays,
    connect,
    allowLoopback: tuning.allowLoopback ?? false,
  });
  const walletPulse =
    wallet &&
    new WalletPulse({
      ...{ wallet, network: tuning.network, now: () => clock.now() },
      ...(tuning.walletTrialMs ? { trialMs: tuning.walletTrialMs } : {}),
    });
  const stopping = new AbortController();

  let indexerTrouble: Trouble | null = null;
  /** They are looked at with the profile, which is tried again until each of them has it. */
  function noteIndexers(isSilent: boolean): void {
    if (isSilent === (indexerTrouble !== null)) return;
    indexerTrouble = isSilent ? { ...indexersSilent(indexerRelays), since: clock.now() } : null;
    pulse.touch();
  }

  /** Does it until it is done, in the background. */
  async function persist(what: string, isDone: () => Promise<boolean>): Promise<void> {
    const { signal } = stopping;
    for (let waitMs = RETRY_MS.first; !signal.aborted; waitMs *= 2) {
      try {
        if (await isDone()) return;
      } catch (error) {
        if (signal.aborted) return;
        log("error", `${what} failed`, describe(error));
      }
      const ends = { signal, ref: false };
      await sleep(Math.min(waitMs, RETRY_MS.longest), null, ends).catch(() => {});
    }
  }

  /** @returns whether every indexer relay has the platform's profile */
  async function publish(publicUrl: string): Promise<boolean> {
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
    noteIndexers(reports.every(({ failed }) => failed === "not_read"));
    return reports.every(({ failed }) => failed === null);
  }

  let isToldSilent = false;
  /** Asks our wallet what it is, and warns of what should be better. @returns whether it has answered */
  async function learnOfWallet(): Promise<boolean> {
    if (!walletPulse) return true;
    let facts: WalletFacts;
    try {
      facts = await walletPulse.wallet.facts(stopping.signal);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      if (TELLS_NOTHING.has(error.code)) return true;
      if (!isToldSilent && !stopping.signal.aborted) {
        const { code, said } = error;
        log("warn", "our wallet does not tell what it is; it is asked again", { code, said });
      }
      isToldSilent = true;
      return false;
    }
    for (const warning of walletPulse.learn(facts)) log("warn", WALLET_WARNINGS[warning]);
    const { network, methods, notifications, encryption } = facts;
    log("info", "our wallet answers", { network, methods, notifications, encryption });
    return true;
  }

  return {
    wallet: walletPulse?.wallet ?? null,
    walletPulse,
    zooid,
    pulse,
    community,
    connect,
    /** What else was found wrong. */
    troubles: () => (indexerTrouble ? [indexerTrouble] : []),
    messenger,
    people,
    images: createImages(outbound),
    payer: createPayer({ connect: outbound.connect, timeoutMs: payTimeoutMs }),
    /** Publishes the platform's kind 0, 10002 and 10050, and asks our wallet what it is; in the background. */
    introduce(publicUrl: string): void {
      if (indexerRelays.length > 0) void persist("the profile", () => publish(publicUrl));
      if (wallet) void persist("asking what NWC_URL can do", learnOfWallet);
    },
    close(): void {
      stopping.abort();
      walletPulse?.close();
      wallet?.close();
      messenger?.close();
      people.close();
    },
  };
}
