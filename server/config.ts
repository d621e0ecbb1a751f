import { bytesToHex } from "nostr-tools/utils";
import {
  isLoopback,
  parseDatabasePath,
  parseDomain,
  parseFlag,
  parseHost,
  parseHttpOrigin,
  parseList,
  parsePort,
  parseProfile,
  parsePublicOrigin,
  parseSwitch,
  parseToken,
  parseWebSocketUrl,
} from "./config-values.ts";
import { parsePublicKey, parseSecretKey } from "./nostr/keys.ts";
import {
  type OperatorFacts,
  parseOperatorContact,
  parseOperatorLinks,
  parseOperatorName,
} from "./operator-facts.ts";
import { Secret } from "./secrets.ts";
import { parseWalletConnectUrl } from "./wallet/connection.ts";

/** The settings of one deployment, all checked. `.env.example` says what each variable is for. */
export type Config = Readonly<{
  /** Of the SQLite file; relative to the working directory unless it begins with a slash. */
  databasePath: string;
  host: string;
  /** 0: chosen by the system when listening. */
  port: number;
  /** Origin; null where it follows from the port that PORT=0 leaves open: {@link publicUrlOf}. */
  publicUrl: string | null;
  /** Origins. */
  zooidApiUrl: string;
  zooidRelayUrl: string;
  /** With its port, if any. */
  relayDomain: string;
  /** 64 lower-case hex. */
  platformSecret: Secret;
  /** 64 lower-case hex each, as are all pubkeys. */
  adminPubkeys: ReadonlySet<string>;
  /** Null: no paid plans. */
  nwcUrl: Secret | null;
  indexerRelays: readonly string[];
  /** Kind 0 content; null: the platform's own. */
  platformProfile: Readonly<Record<string, unknown>> | null;
  platformRelays: readonly string[];
  platformDmRelays: readonly string[];
  /** Null: no calls. `serverUrl` without a slash at its end. */
  livekit: Readonly<{ serverUrl: string; apiKey: string; apiSecret: Secret }> | null;
  /** Null: /metrics cannot be read. */
  metricsToken: Secret | null;
  /** Said wherever people may want to know whom they deal with. */
  operator: OperatorFacts;
  /** Whether an installed libsecp256k1 may be loaded. */
  nativeSignatures: boolean;
  /** What works less well than it could, one sentence each; to be logged at start. */
  warnings: readonly string[];
}>;

export type ConfigProblem = { variable: string; problem: string };

/** All that is wrong with the environment. Neither message nor problems contain values. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  constructor(readonly problems: readonly ConfigProblem[]) {
    super(problems.map(({ variable, problem }) => `${variable} ${problem}`).join("\n"));
  }
}

const DATABASE_PATH = "data/hosting.db";

/** The database alone, for what works on nothing else. @throws Error that says what is malformed */
export const readDatabasePath = (env: Readonly<Record<string, string | undefined>>): string =>
  env.DATABASE_URL?.trim() ? parseDatabasePath(env.DATABASE_URL.trim()) : DATABASE_PATH;

/**
 * Reads the configuration from environment variables; blank ones count as not set.
 * @throws ConfigError naming every variable that is missing or malformed
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: ConfigProblem[] = [];
  const warnings: string[] = [];

  const isSet = (variable: string) => Boolean(env[variable]?.trim());
  /** The parsed value; null where it is not set or, as `problems` then says, malformed. */
  function read<T>(variable: string, parse: (text: string) => T): T | null {
    const text = env[variable]?.trim();
    if (!text) return null;
    try {
      return parse(text);
    } catch (error) {
      problems.push({ variable, problem: (error as Error).message });
      return null;
    }
  }
  function need(variable: string, reason: string): void {
    if (!isSet(variable)) problems.push({ variable, problem: `is required${reason}` });
  }
  const readSecret = (variable: string, parse: (text: string) => string) =>
    read(variable, (text) => new Secret(parse(text)));
  const readRelays = (variable: string) =>
    read(variable, (text) => parseList(text, parseWebSocketUrl));

  need("PLATFORM_SECRET", ": a Nostr secret key, nsec1… or 64 hex digits");
  const platformSecret = readSecret("PLATFORM_SECRET", (text) => bytesToHex(parseSecretKey(text)));

  const host = read("HOST", parseHost) ?? "127.0.0.1";
  const port = read("PORT", parsePort) ?? 3000;
  if (!isLoopback(host)) need("PUBLIC_URL", " when HOST is not loopback");
  const publicUrl = read("PUBLIC_URL", parsePublicOrigin);

  const zooidApiUrl = read("ZOOID_API_URL", parseHttpOrigin) ?? "http://127.0.0.1:8032";
  const indexerRelays = readRelays("NOSTR_INDEXER_RELAYS") ?? [];

  const livekitVariables = ["LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"] as const;
  if (livekitVariables.some(isSet)) {
    for (const variable of livekitVariables) need(variable, " when another LIVEKIT_* is set");
  }
  const [livekitUrl, livekitKey, livekitSecret] = livekitVariables;
  // zooid puts a path after it, and a second slash makes LiveKit's server redirect.
  const livekit = {
    serverUrl: read(livekitUrl, (text) => parseWebSocketUrl(text).replace(/\/+$/, "")),
    apiKey: read(livekitKey, parseToken),
    apiSecret: readSecret(livekitSecret, parseToken),
  };

  const isLivekitShared = read("LIVEKIT_SHARED", parseFlag) ?? false;
  if (livekitVariables.every(isSet) && !isLivekitShared) {
    warnings.push(
      "LIVEKIT_SHARED is not true, so calls are off: relays that share one LiveKit key share a call wherever two of their rooms have the same id. Set LIVEKIT_SHARED=true to allow that",
    );
  }

  const nwcUrl = readSecret("NWC_URL", parseWalletConnectUrl);
  if (!isSet("NWC_URL")) {
    warnings.push("NWC_URL is not set: paid plans answer 503 billing_not_configured");
  }
  if (!isSet("NOSTR_INDEXER_RELAYS")) {
    warnings.push("NOSTR_INDEXER_RELAYS is not set: notices stay in the dashboard");
  }

  const config = {
    databasePath: read("DATABASE_URL", parseDatabasePath) ?? DATABASE_PATH,
    host,
    port,
    publicUrl: publicUrl ?? (port === 0 ? null : defaultPublicUrl(host, port)),
    zooidApiUrl,
    zooidRelayUrl: read("ZOOID_RELAY_URL", parseHttpOrigin) ?? zooidApiUrl,
    relayDomain: read("RELAY_DOMAIN", parseDomain) ?? "spaces.coracle.social",
    adminPubkeys: new Set(
      read("HOSTING_ADMIN_PUBKEYS", (text) => parseList(text, parsePublicKey)) ?? [],
    ),
    nwcUrl,
    indexerRelays,
    platformProfile: read("PLATFORM_PROFILE", parseProfile),
    platformRelays: readRelays("PLATFORM_RELAYS") ?? indexerRelays,
    platformDmRelays: readRelays("PLATFORM_DM_RELAYS") ?? indexerRelays,
    metricsToken: readSecret("METRICS_TOKEN", parseToken),
    operator: {
      name: read("OPERATOR_NAME", parseOperatorName),
      contact: read("OPERATOR_CONTACT", parseOperatorContact),
      links: read("OPERATOR_LINKS", parseOperatorLinks) ?? {},
    },
    nativeSignatures: read("NATIVE_SIGNATURES", parseSwitch) ?? true,
    warnings,
  };
  const { serverUrl, apiKey, apiSecret } = livekit;
  if (problems.length > 0 || platformSecret === null) throw new ConfigError(problems);
  return {
    ...config,
    platformSecret,
    livekit:
      isLivekitShared && serverUrl !== null && apiKey !== null && apiSecret !== null
        ? { serverUrl, apiKey, apiSecret }
        : null,
  };
}

/** PUBLIC_URL, or its default http://HOST:PORT for the port that the server listens on. */
export function publicUrlOf(
  config: Pick<Config, "publicUrl" | "host">,
  listeningPort: number,
): string {
  return config.publicUrl ?? defaultPublicUrl(config.host, listeningPort);
}

function defaultPublicUrl(host: string, port: number): string {
  return new URL(`http://${host.includes(":") ? `[${host}]` : host}:${port}`).origin;
}
