/** Where logical time comes from. Billing, deadlines and back-off read it; authentication does not. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
}

/** The clock of production: logical time is real time. */
export const systemClock: Clock = { now: () => Date.now() };
