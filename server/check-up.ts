import { existsSync } from "node:fs";
import { hexToBytes } from "nostr-tools/utils";
import { lookIntoDatabase } from "../db/database.ts";
import { DatabaseLocked, lockDatabase } from "../db/lock.ts";
import { DatabaseRefused } from "../db/refusal.ts";
import { secretQueries } from "../db/secrets.ts";
import { systemClock } from "./clock.ts";
import type { Config } from "./config.ts";
import { Unavailable } from "./errors.ts";
import { indexersSilent, walletTroubles, ZOOID_WORDS } from "./health.ts";
import { publicKeyOf } from "./nostr/event.ts";
import { createOutside, type OutsideTuning } from "./outside.ts";
import { checkPlatformSecret } from "./secret-probe.ts";
import { createVault } from "./secrets.ts";
import { checkStoredVersions } from "./stored-versions.ts";
import { WALLET_WARNINGS, type WalletPulse } from "./wallet/pulse.ts";

/** What came of looking at one thing. `wrong` keeps Berth from doing its work. */
export type Finding = {
  about: "settings" | "database" | "zooid" | "wallet" | "indexers";
  is: "well" | "warning" | "wrong";
  words: string;
};

/** For each question to something outside. */
const PATIENCE_MS = 10_000;

type Clients = ReturnType<typeof createOutside>;

/** Looks at everything that Berth needs, without starting it and without changing anything. */
export async function* checkUp(config: Config, tuning: OutsideTuning): AsyncGenerator<Finding> {
  for (const words of config.warnings) yield { about: "settings", is: "warning", words };
  const secretKey = hexToBytes(config.platformSecret.reveal());
  yield await checkDatabase(config.databasePath, secretKey);
  const outside = createOutside(config, secretKey, systemClock, tuning);
  try {
    yield await checkZooid(outside, publicKeyOf(secretKey));
    if (outside.walletPulse) yield* checkWallet(outside.walletPulse);
    if (config.indexerRelays.length > 0) yield* checkIndexers(outside, config.indexerRelays);
  } finally {
    outside.close();
  }
}

/** What a start would refuse is said here, in the same words. */
async function checkDatabase(path: string, secretKey: Uint8Array): Promise<Finding> {
  const about = "database";
  if (!existsSync(path)) return { about, is: "well", words: `${path} is made at the first start` };
  try {
    const vault = createVault(secretKey);
    await lookIntoDatabase(path, (db) => {
      checkStoredVersions(db, path);
      return checkPlatformSecret({ queries: { secrets: secretQueries(db) }, vault, file: path });
    });
    lockDatabase(path)();
    return { about, is: "well", words: `${path} is there, and no Berth works on it now` };
  } catch (error) {
    if (error instanceof DatabaseLocked)
      return { about, is: "well", words: `${path} is there, and a Berth works on it now` };
    if (error instanceof DatabaseRefused) return { about, is: "wrong", words: error.message };
    const why = error instanceof Error ? error.message : String(error);
    return { about, is: "wrong", words: `${path} cannot be used: ${why}` };
  }
}

async function checkZooid({ zooid }: Clients, pubkey: string): Promise<Finding> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const api = await zooid.probeApi(signal);
  const about = "zooid";
  if (api !== "ok") return { about, is: "wrong", words: ZOOID_WORDS[api](pubkey) };
  if (!(await zooid.isUp(signal)))
    return {
      about,
      is: "wrong",
      words: "zooid's API answers, but no relay does at ZOOID_RELAY_URL",
    };
  return { about, is: "well", words: `zooid answers and lets us in as ${pubkey}` };
}

async function* checkWallet(pulse: WalletPulse): AsyncGenerator<Finding> {
  const about = "wallet";
  try {
    const facts = await pulse.wallet.facts(AbortSignal.timeout(PATIENCE_MS));
    for (const warning of pulse.learn(facts))
      yield { about, is: "warning", words: WALLET_WARNINGS[warning] };
    const { methods } = facts;
    const lacks = NEEDED.filter((method) => methods.length > 0 && !methods.includes(method));
    const [trouble] = walletTroubles(pulse);
    if (trouble) yield { about, is: "wrong", words: trouble.words };
    else if (lacks.length > 0)
      yield {
        ...{ about, is: "wrong" },
        words: `The connection in NWC_URL may not use ${lacks.join(" and ")}, without which nothing can be sold. Make one that may.`,
      };
    else yield { about, is: "well", words: `it answers, and may use ${methods.join(", ")}` };
  } catch (error) {
    const code = error instanceof Unavailable ? error.code : "wallet_other";
    yield {
      ...{ about, is: "wrong" },
      words: `The wallet of NWC_URL does not answer, or does not let us in (${code}). Is it running, and is the connection still allowed?`,
    };
  }
}

/** NIP-47 methods without which nothing can be sold. */
const NEEDED = ["make_invoice", "lookup_invoice"];

async function* checkIndexers(
  { connect }: Clients,
  urls: readonly string[],
): AsyncGenerator<Finding> {
  const about = "indexers";
  const answers = await Promise.all(
    urls.map(async (url) => {
      try {
        (await connect(url, AbortSignal.timeout(PATIENCE_MS))).close();
        return true;
      } catch {
        return false;
      }
    }),
  );
  if (!answers.includes(true))
    return yield { about, is: "wrong", words: indexersSilent(urls).words };
  for (const [index, url] of urls.entries())
    yield answers[index]
      ? { about, is: "well", words: `${url} answers` }
      : { about, is: "warning", words: `${url} does not answer` };
}
