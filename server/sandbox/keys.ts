import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { nsecEncode } from "nostr-tools/nip19";
import { generateSecretKey, getPublicKey } from "nostr-tools/pure";
import { bytesToHex, hexToBytes } from "nostr-tools/utils";

/** The sandbox's own keys, hex. Kept with its data, so that a second run finds the first one's. */
export type SandboxKeys = { platform: string; admin: string; tenant: string; control: string };

/** Reads or makes the keys of a data directory, and the directory with them, for its owner only. */
export function sandboxKeys(dataDir: string): SandboxKeys {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = `${dataDir}/keys.json`;
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as SandboxKeys;
  const fresh = (): string => bytesToHex(generateSecretKey());
  const keys = { platform: fresh(), admin: fresh(), tenant: fresh(), control: fresh() };
  // Whole or not at all: half a key file would make all the data unreadable.
  writeFileSync(`${file}.draft`, JSON.stringify(keys), { mode: 0o600 });
  renameSync(`${file}.draft`, file);
  return keys;
}

export const pubkeyOf = (secretHex: string): string => getPublicKey(hexToBytes(secretHex));
export const nsecOf = (secretHex: string): string => nsecEncode(hexToBytes(secretHex));
