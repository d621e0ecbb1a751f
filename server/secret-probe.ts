import type { Queries } from "../db/index.ts";
import { DatabaseRefused } from "../db/refusal.ts";
import { secrets } from "../db/schema.ts";
import type { Host } from "./host/host.ts";
import type { Vault } from "./secrets.ts";

/** Beside the secrets of relays and wallets: something of no worth, sealed under the same key. */
const PROBE = "platform";

/**
 * Proves that PLATFORM_SECRET is the one of this database. Under another one no stored secret opens, so
 * that nobody could be charged and no relay be written, in silence. A database without a probe gets one,
 * where a secret that it has opens or it has none.
 *
 * @throws DatabaseRefused
 */
export async function provePlatformSecret(parts: {
  host: Host;
  queries: Queries;
  vault: Vault;
  file: string;
}): Promise<void> {
  const { host, queries, vault, file } = parts;
  const probe = await queries.secrets.get(PROBE);
  const known = probe ? { id: PROBE, sealed: probe } : await queries.secrets.first();
  if (known) {
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
  }
  if (probe) return;
  const sealed = Buffer.from(vault.seal("this database", PROBE));
  await host.transact(PROBE, (tx) => tx.put(secrets, { id: PROBE, sealed }));
}
