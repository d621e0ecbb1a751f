import { log } from "./log.ts";
import type { WalletPulse } from "./wallet/pulse.ts";
import type { Pulse, ZooidTrouble } from "./zooid/pulse.ts";

/** Something outside is not as it should be, for whoever operates Berth. */
export type Trouble = {
  system: "zooid" | "wallet" | "indexers";
  code: string;
  /** Epoch ms. */
  since: number;
  /** What it means and what to do about it. */
  words: string;
};

/** What each trouble of zooid as a whole means to its operator. @param pubkey - our own */
export const ZOOID_WORDS: Record<ZooidTrouble, (pubkey: string) => string> = {
  zooid_down: () =>
    "zooid does not answer. Is it running, and do ZOOID_API_URL and ZOOID_RELAY_URL lead to it? If it ends again and again, its log names the file that it dies of.",
  zooid_not_serving: () =>
    "zooid takes relays, but does not serve them: its CONFIG directory was probably removed and made again. Restart zooid.",
  zooid_unauthorized: () =>
    "zooid does not accept our signature (401). Is the clock of this machine right? Is the host in ZOOID_API_URL, with its port, to the letter zooid's API_HOST? Behind a proxy with TLS, does it send X-Forwarded-Proto: https?",
  zooid_forbidden: (pubkey) =>
    `zooid does not know our key (403). Add ${pubkey} to its API_WHITELIST, as it stands here, and restart zooid.`,
  zooid_api_off: () =>
    "zooid's management API does not answer at ZOOID_API_URL (404). Is zooid's API_HOST the host of that URL to the letter, with its port, and is its API_WHITELIST not empty?",
};

/** What the operator must see to; empty where all is well. */
export function zooidTroubles(pulse: Pulse, pubkey: string): Trouble[] {
  const trouble = pulse.trouble();
  return trouble ? [{ system: "zooid", ...trouble, words: ZOOID_WORDS[trouble.code](pubkey) }] : [];
}

/** What is wrong with our wallet; empty where all is well, and without one. */
export function walletTroubles(pulse: WalletPulse | null): Trouble[] {
  const trouble = pulse?.trouble();
  if (!trouble) return [];
  const { code, since, said } = trouble;
  const what =
    code === "bolt11_mismatch"
      ? `Our wallet's bolt11 is not what was asked for (${said}). Paid orders are refused until it is, which is tried every minute; what waits stands in the queue.`
      : `NWC_URL is a wallet of another network (${said}). Paid orders are refused until Berth is started with one of the right network.`;
  return [{ system: "wallet", code, since, words: what }];
}

/** None of the relays that know where people read their messages answers. */
export const indexersSilent = (urls: readonly string[]): Omit<Trouble, "since"> => ({
  system: "indexers",
  code: "indexers_silent",
  words: `None of NOSTR_INDEXER_RELAYS answers (${urls.join(", ")}): messages cannot be delivered. Name others.`,
});

/** @returns what writes to the log which troubles began, and that all is well again, whenever it is called */
export function logTroubles(troubles: () => Trouble[], pubkey: string): () => void {
  let known = "";
  return () => {
    const now = troubles();
    const codes = now.map(({ code }) => code).join();
    if (codes === known) return;
    known = codes;
    if (now.length === 0) log("info", "all outside is well again", { platform: pubkey });
    for (const { system, code, words } of now)
      log("warn", words, { system, code, platform: pubkey });
  };
}
