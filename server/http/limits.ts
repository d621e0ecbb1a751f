import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { AppError } from "../errors.ts";

/** How much one address may ask for, per minute of real time. */
export type LimitOptions = {
  publicPerMinute: number;
  failedAuthPerMinute: number;
  newTenantsPerHour: number;
};

export const productionLimits: LimitOptions = {
  publicPerMinute: 120,
  failedAuthPerMinute: 30,
  newTenantsPerHour: 10,
};

export type Limits = ReturnType<typeof createLimits>;

/** Limits per address. In memory: a restart forgives. */
export function createLimits(options: LimitOptions) {
  const limiter = (points: number, duration: number) => new RateLimiterMemory({ points, duration });
  const publicRoutes = limiter(options.publicPerMinute, 60);
  const failedAuth = limiter(options.failedAuthPerMinute, 60);
  const newTenants = limiter(options.newTenantsPerHour, 3600);

  const spend = async (from: RateLimiterMemory, address: string): Promise<void> => {
    try {
      await from.consume(address);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      throw tooMany(error.msBeforeNext);
    }
  };
  return {
    /** @throws AppError 429 `rate_limited` */
    publicRoute: (address: string) => spend(publicRoutes, address),
    newTenant: (address: string) => spend(newTenants, address),
    failedAuth: (address: string) => spend(failedAuth, address),
  };
}

const tooMany = (waitMs: number): AppError =>
  new AppError("rate_limited", 429, "too many requests from your address; try again later", {
    retryAfterSeconds: waitMs / 1000,
  });
