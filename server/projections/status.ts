/** An actor's `status`: the top key of `value.status` where it is parallel, else its top state. */
export function statusOf(value: unknown): string {
  if (typeof value === "string") return value;
  const region = (value as { status?: unknown }).status;
  if (region !== undefined) return statusOf(region);
  const [top] = Object.keys(value as object);
  if (top === undefined) throw new Error("a state without a name");
  return top;
}

/** Epoch milliseconds → unix seconds, the unit of the wire. */
export const toSeconds = (ms: number): number => Math.floor(ms / 1000);
export const toSecondsOrNull = (ms: number | null): number | null =>
  ms === null ? null : toSeconds(ms);
