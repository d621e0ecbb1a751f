import type { Queries } from "../db/index.ts";
import { DatabaseRefused } from "../db/refusal.ts";
import { secrets } from "../db/schema.ts";
import type { Host } from "./host/host.ts";
import type { Vault } from "./secrets.ts";

/** Beside the secrets of relays and wallets: something of no worth, sealed under the same key. */
const PROBE = "platform";

type Parts = { queries: Pick<Queries, "secrets">; vault: Vault; file: string };

/**
 * Whether PLATFORM_SECRET is the one of this database. Under another one no stored secret opens, so that
 * nobody could be charged and no relay be written, in silence.
 *
 * @returns whether the database has a probe. @throws DatabaseRefused
 */
export async function checkPlatformSecret({ queries, vault, file }: Parts): Promise<boolean> {
  const probe = await queries.secrets.get(PROBE);
  const known = probe ? { id: PROBE, sealed: probe } : await queries.secrets.first();
  if (!known) return false;
  try {
    vault.open(known.sealed, known.id);
  } catch (cause) {
    throw new DatabaseRefused(
      file,
      "PLATFORM_SECRET is not the one that this database was written under",
      "Set the former one, or restore the database that belongs to this one",
      { cause },
    );
  }
  return probe !== null;
}

/**
 * The same, and a database without a probe gets one, where a secret that it has opens or it has none.
 *
 * @throws DatabaseRefused
 */
export async function provePlatformSecret(parts: Parts & { host: Host }): Promise<void> {
  if (await checkPlatformSecret(parts)) return;
  const sealed = Buffer.from(parts.vault.seal("this database", PROBE));
  await parts.host.transact(PROBE, (tx) => tx.put(secrets, { id: PROBE, sealed }));
}
