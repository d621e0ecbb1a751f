import { getPublicKey } from "nostr-tools/pure";
import { hexToBytes } from "nostr-tools/utils";
import { goKind, isJsonObject } from "./go-json.ts";

/** Rights granted to listed pubkeys; the role named `member` applies to every pubkey. */
type Role = { pubkeys: string[]; can_invite: boolean; can_manage: boolean };

/** One virtual relay's complete configuration; the names are zooid's own. */
export type Config = {
  /** Compared byte for byte with the Host header. */
  host: string;
  /** Its slug is the prefix of the relay's tables. */
  schema: string;
  /** Secret key of the relay itself, at most 64 hex characters, left-padded with zeros. */
  secret: string;
  inactive: boolean;
  info: { name: string; icon: string; pubkey: string; description: string };
  policy: { public_join: boolean; strip_signatures: boolean };
  groups: { enabled: boolean };
  management: { enabled: boolean };
  blossom: { enabled: boolean };
  push: { enabled: boolean };
  livekit: { server_url: string; api_key: string; api_secret: string };
  roles: Record<string, Role>;
};

/** A document that is no config; the message is the one zooid sends. */
export class InvalidConfig extends Error {}

/** A Go struct being filled from a JSON object: keys in any letter case, null meaning absent. */
class Fields {
  constructor(
    readonly source: Record<string, unknown>,
    readonly path: string,
  ) {}

  #read<T>(name: string, goType: string, fits: (value: unknown) => value is T): T | undefined {
    let found: T | undefined;
    for (const [key, value] of Object.entries(this.source)) {
      if (key.toLowerCase() !== name || value === null) continue;
      if (!fits(value)) {
        const target = `Go struct field ${this.path}.${name} of type ${goType}`;
        throw new InvalidConfig(`json: cannot unmarshal ${goKind(value)} into ${target}`);
      }
      found = value;
    }
    return found;
  }

  text(name: string): string {
    return this.#read(name, "string", (value) => typeof value === "string") ?? "";
  }

  flag(name: string): boolean {
    return this.#read(name, "bool", (value) => typeof value === "boolean") ?? false;
  }

  struct(name: string, goType = "struct"): Fields {
    return new Fields(this.#read(name, goType, isJsonObject) ?? {}, `${this.path}.${name}`);
  }

  list(name: string): string[] {
    const items = this.#read(name, "[]string", (value) => Array.isArray(value)) ?? [];
    return items.map((item: unknown) => new Fields({ [name]: item }, this.path).text(name));
  }
}

/** Reads a config as Go does: unknown keys ignored, absent ones zero. @throws InvalidConfig */
export function decodeConfig(document: unknown): Config {
  if (document !== null && !isJsonObject(document)) {
    throw new InvalidConfig(
      `json: cannot unmarshal ${goKind(document)} into Go value of type zooid.Config`,
    );
  }
  const root = new Fields(document ?? {}, "Config");
  const enabled = (name: string) => ({ enabled: root.struct(name).flag("enabled") });
  const info = root.struct("info");
  const policy = root.struct("policy");
  const livekit = root.struct("livekit");
  const roles = root.struct("roles", "map[string]zooid.Role");
  return {
    host: root.text("host"),
    schema: root.text("schema"),
    secret: root.text("secret"),
    inactive: root.flag("inactive"),
    info: {
      name: info.text("name"),
      icon: info.text("icon"),
      pubkey: info.text("pubkey"),
      description: info.text("description"),
    },
    policy: {
      public_join: policy.flag("public_join"),
      strip_signatures: policy.flag("strip_signatures"),
    },
    groups: enabled("groups"),
    management: enabled("management"),
    blossom: enabled("blossom"),
    push: enabled("push"),
    livekit: {
      server_url: livekit.text("server_url"),
      api_key: livekit.text("api_key"),
      api_secret: livekit.text("api_secret"),
    },
    roles: Object.fromEntries(
      Object.entries(roles.source).map(([name, source]) => [name, decodeRole(name, source)]),
    ),
  };
}

function decodeRole(name: string, source: unknown): Role {
  const role = new Fields({ role: source }, "Config.roles").struct("role", "zooid.Role");
  const fields = new Fields(role.source, `Config.roles.${name}`);
  return {
    pubkeys: fields.list("pubkeys"),
    can_invite: fields.flag("can_invite"),
    can_manage: fields.flag("can_manage"),
  };
}

/**
 * RFC 7396 merge of a patch over a complete config. Keys come out sorted because Go marshals maps
 * that way: of `Host` and `host` the exact lower-case one is then read last, and wins.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  const merged = new Map(Object.entries(isJsonObject(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  return Object.fromEntries([...merged].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The checks zooid makes before it writes a config, and no others. @throws InvalidConfig */
export function validateConfig(config: Config): void {
  for (const name of ["host", "schema", "secret"] as const) {
    if (config[name] === "") throw new InvalidConfig(`${name} is required`);
  }
  validateSecret(config.secret);
  if (config.info.pubkey !== "") validatePubkey(config.info.pubkey);
}

function validateSecret(secret: string): void {
  const refuse = (why: string) => new InvalidConfig(`invalid secret key: ${why}`);
  if (secret.length > 64) {
    throw refuse(`secret key should be at most 64-char hex, got '${secret}'`);
  }
  if (!/^[0-9a-f]+$/i.test(secret)) throw refuse(`'${secret}' is not valid hex`);
  try {
    getPublicKey(secretKeyOf(secret));
  } catch {
    throw refuse("invalid secret key");
  }
}

function validatePubkey(pubkey: string): void {
  const refuse = (why: string) => new InvalidConfig(`invalid info.pubkey: ${why}`);
  if (pubkey.length !== 64) throw refuse(`pubkey should be 64-char hex, got '${pubkey}'`);
  if (!/^[0-9a-f]+$/i.test(pubkey)) throw refuse(`'${pubkey}' is not valid hex`);
  if (!isCurvePoint(BigInt(`0x${pubkey}`))) throw refuse(`'${pubkey}' is not a valid pubkey`);
}

/** The secret key's 32 bytes. */
export function secretKeyOf(secret: string): Uint8Array {
  return hexToBytes(secret.toLowerCase().padStart(64, "0"));
}

const FIELD_PRIME = 2n ** 256n - 2n ** 32n - 977n;

/** BIP-340 lift_x: x³ + 7 must be a square modulo p (Euler's criterion). */
function isCurvePoint(x: bigint): boolean {
  if (x >= FIELD_PRIME) return false;
  let base = (x ** 3n + 7n) % FIELD_PRIME;
  let result = 1n;
  for (let exponent = (FIELD_PRIME - 1n) / 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % FIELD_PRIME;
    base = (base * base) % FIELD_PRIME;
  }
  return result === 1n;
}
