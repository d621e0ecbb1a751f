import { setTimeout as sleep } from "node:timers/promises";
import type { Answer, Encryption } from "./nip47.ts";
import { methodsOf } from "./nip47.ts";
import { wordOf } from "./payer-results.ts";
import type { WalletClient } from "./wallet-client.ts";

/** What a wallet says of a connection to it. */
export type WalletFacts = {
  /** NIP-47 methods that this connection may use, or the wallet's where it does not say. */
  methods: string[];
  /** Names of notifications that it sends. */
  notifications: string[];
  /** `mainnet`, `regtest`, …; null where the wallet does not say. */
  network: string | null;
  encryption: Encryption;
  /** Whether it published an info event (kind 13194). */
  isAnnounced: boolean;
  /** What get_info brought: null where it was not answered in time. */
  info: Answer | null;
};

/** What a question that need not be answered gets; many wallets pass over what they do not know. */
const OPTIONAL_MS = 5_000;

/** The answer, or null for whatever is in the way of it; not waited for longer than need be. */
export const optional = (answer: Promise<Answer>): Promise<Answer | null> =>
  Promise.race([answer.catch(() => null), sleep(OPTIONAL_MS, null, { ref: false })]);

/**
 * Asks a wallet what it is: by its info event and get_info, of which either may be missing.
 * @throws as {@link WalletClient}: not even its relays could be asked, or it has neither
 */
export async function factsOf(client: WalletClient, signal: AbortSignal): Promise<WalletFacts> {
  const { methods, notifications, encryption, isAnnounced } = await client.info(signal);
  const asking = client.ask("get_info", {}, signal);
  // One that announces nothing has to answer: else nothing is known of it.
  const info = isAnnounced ? await optional(asking) : await asking;
  const said = info && "result" in info ? info.result : {};
  return {
    methods: Array.isArray(said.methods) ? methodsOf(said.methods) : methods,
    notifications: Array.isArray(said.notifications)
      ? methodsOf(said.notifications)
      : notifications,
    network: wordOf(said.network),
    encryption,
    isAnnounced,
    info,
  };
}
