import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { generateSecretKey } from "nostr-tools/pure";
import { bytesToHex } from "nostr-tools/utils";

const Hex32 = Type.RegExp(/^[0-9a-f]{64}$/);
const Port = Type.Integer({ minimum: 0, maximum: 65535 });
const WalletKeys = Type.Object({ service: Hex32, client: Hex32 });

/** `world.json`: what stays the same from one run of a world to the next. */
const WorldFile = Type.Object({
  /** Secret keys of each wallet's NIP-47 service and of the one client connected to it. */
  keys: Type.Object({ receiving: WalletKeys, tenant: WalletKeys }),
  /** Where the servers listened last; 0 before the first run. */
  ports: Type.Object({ relay: Port, zooid: Port, control: Port }),
  /** How far logical time is ahead of real time. */
  offset_ms: Type.Integer(),
});
type WorldFile = Static<typeof WorldFile>;

/** The stored world and where its files are; everything is in memory when there is no directory. */
export type WorldStore = {
  readonly file: WorldFile;
  /** Path of a file in the data directory, or null. */
  path(name: string): string | null;
  /** Stores the file, whole or not at all, readable by its owner only. */
  update(next: WorldFile): void;
};

/**
 * Opens the data directory, making it with new keys on the first run.
 * @throws Error when `world.json` is there but cannot be understood; it is left as it is.
 */
export function openWorldStore(dataDir: string | null): WorldStore {
  if (dataDir !== null) mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = (name: string) => (dataDir === null ? null : join(dataDir, name));
  const target = path("world.json");
  let file = (target === null ? null : readWorldFile(target)) ?? newWorldFile();
  const update = (next: WorldFile): void => {
    file = next;
    if (target === null) return;
    const draft = `${target}.draft`;
    writeFileSync(draft, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
    renameSync(draft, target);
  };
  return {
    get file() {
      return file;
    },
    path,
    update,
  };
}

function readWorldFile(path: string): WorldFile | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
  try {
    return Value.Decode(WorldFile, JSON.parse(text));
  } catch (cause) {
    throw new Error(`${path} is not a world file`, { cause });
  }
}

function newWorldFile(): WorldFile {
  const newKey = () => bytesToHex(generateSecretKey());
  const newWalletKeys = () => ({ service: newKey(), client: newKey() });
  return {
    keys: { receiving: newWalletKeys(), tenant: newWalletKeys() },
    ports: { relay: 0, zooid: 0, control: 0 },
    offset_ms: 0,
  };
}
