/** Epoch milliseconds → unix seconds, the unit of the wire. */
export const toSeconds = (ms: number): number => Math.floor(ms / 1000);
export const toSecondsOrNull = (ms: number | null): number | null =>
  ms === null ? null : toSeconds(ms);
