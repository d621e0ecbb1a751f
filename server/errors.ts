/**
 * An expected refusal, sent to the client as an RFC 9457 problem document and not logged as a crash.
 *
 * `code` is stable and machine-readable; `field` names the offending input as a path (`plan`,
 * `items.0.relay`) where there is one. `retryAfterSeconds` becomes the Retry-After header.
 */
export class AppError extends Error {
  override readonly name = "AppError";
  constructor(
    readonly code: string,
    readonly status: 400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 503,
    message: string,
    readonly extra: { field?: string; retryAfterSeconds?: number } = {},
  ) {
    super(message);
  }
}

/**
 * An outside system did not answer, or answered that it is not able to now. Says nothing about
 * whether the request took effect: unknown is not failed. The outbox counts no attempt, opens the
 * lane's breaker and tries again until the system is back.
 */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * An outside system understood the request and refused it for good; repeating it cannot help. The
 * outbox stops at once and the machine is told `code` through the invoke's onError.
 */
export class Refused extends Error {
  override readonly name = "Refused";
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
