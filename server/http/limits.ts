import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import type { Quotas } from "../commands/quotas.ts";
import { AppError } from "../errors.ts";

/** How much one address may ask for, and one tenant: in real time, but for quotas. */
export type LimitOptions = Quotas & {
  publicPerMinute: number;
  failedAuthPerMinute: number;
  newTenantsPerHour: number;
  /** Each waits for a relay and a wallet that the tenant names. */
  walletProbesPerMinute: number;
  /** Each asks our own wallet. */
  checksPerMinute: number;
  /** Each is written down for ever, with all that follows from it. */
  changesPerHour: number;
  /** People added to, removed from and banned from communities. */
  peopleActsPerHour: number;
  /** Tries to join, by one key and by one link. */
  joinsPerHour: number;
};

export const productionLimits: LimitOptions = {
  publicPerMinute: 120,
  failedAuthPerMinute: 30,
  newTenantsPerHour: 10,
  walletProbesPerMinute: 10,
  checksPerMinute: 6,
  changesPerHour: 30,
  peopleActsPerHour: 1_000,
  joinsPerHour: 600,
  creationsPerDay: 10,
  invoicesPerRelayAndHour: 3,
};

/** For tests and the sandbox, where one person is everybody and does in a minute what takes others years. */
export const noLimits = Object.fromEntries(
  Object.keys(productionLimits).map((limit) => [limit, 1e9]),
) as LimitOptions;

export type Limits = ReturnType<typeof createLimits>;

/** So many keys are remembered as having signed rightly from an address, the latest. */
const PROVEN_MAX = 10_000;

/** Limits per address or tenant. In memory: a restart forgives. */
export function createLimits(options: LimitOptions) {
  const limiter = (points: number, duration: number) => new RateLimiterMemory({ points, duration });
  const publicRoutes = limiter(options.publicPerMinute, 60);
  const failedAuth = limiter(options.failedAuthPerMinute, 60);
  const newTenants = limiter(options.newTenantsPerHour, 3600);
  const walletProbes = limiter(options.walletProbesPerMinute, 60);
  const checks = limiter(options.checksPerMinute, 60);
  const changes = limiter(options.changesPerHour, 3600);
  const joins = limiter(options.joinsPerHour, 3600);
  const peopleActs = limiter(options.peopleActsPerHour, 3600);

  const spend = async (from: RateLimiterMemory, who: string, words = TOO_MANY): Promise<void> => {
    try {
      await from.consume(who);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      throw tooMany(words, error.msBeforeNext);
    }
  };
  const proven = new Set<string>();
  /** Whose failures they are: a key's own where it has signed rightly, so that who shares its address cannot lock it out. */
  const failuresOf = (address: string, pubkey: string): string => {
    const pair = `${address} ${pubkey}`;
    return proven.has(pair) ? pair : address;
  };

  return {
    /** @throws AppError 429 `rate_limited` */
    publicRoute: (address: string) => spend(publicRoutes, address),
    newTenant: (address: string) => spend(newTenants, address),
    /** Before the signature of `pubkey` is checked, which is what costs. @throws AppError 429 `rate_limited` */
    async mayAuthenticate(address: string, pubkey: string): Promise<void> {
      const failed = await failedAuth.get(failuresOf(address, pubkey));
      if (failed && failed.remainingPoints <= 0) throw tooMany(TOO_MANY, failed.msBeforeNext);
    },
    /** @param pubkey - as claimed; null where no token could be read. @throws AppError 429 `rate_limited` */
    failedAuth: (address: string, pubkey: string | null) =>
      spend(failedAuth, pubkey === null ? address : failuresOf(address, pubkey)),
    authenticated(address: string, pubkey: string): void {
      const pair = `${address} ${pubkey}`;
      // A Set is in order of insertion: the first has been silent longest.
      proven.delete(pair);
      proven.add(pair);
      const [oldest] = proven;
      if (proven.size > PROVEN_MAX && oldest !== undefined) proven.delete(oldest);
    },
    walletProbe: (pubkey: string) => spend(walletProbes, pubkey, TOO_MANY_PROBES),
    change: (pubkey: string) => spend(changes, pubkey, TOO_MANY_CHANGES),
    peopleAct: (pubkey: string) => spend(peopleActs, pubkey, TOO_MANY_PEOPLE),
    async join(pubkey: string, token: string): Promise<void> {
      await spend(joins, pubkey, TOO_MANY_JOINS);
      await spend(joins, `link ${token}`, TOO_MANY_JOINS);
    },
    check: (pubkey: string) => spend(checks, pubkey, TOO_MANY_CHECKS),
  };
}

const TOO_MANY = "too many requests from your address; try again later";
const TOO_MANY_PROBES = "your wallet was asked many times just now; try again in a minute";
const TOO_MANY_CHANGES = "you changed your relays many times within the hour; try again later";
const TOO_MANY_PEOPLE = "you changed your communities many times within the hour; try again later";
const TOO_MANY_JOINS = "too many people join just now; try again later";
const TOO_MANY_CHECKS =
  "you asked many times just now; a payment is noticed without it, so wait a moment";

const tooMany = (words: string, waitMs: number): AppError =>
  new AppError("rate_limited", 429, words, { retryAfterSeconds: waitMs / 1000 });
