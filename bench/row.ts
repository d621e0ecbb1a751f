/** One measurement: what was measured, how much, and what it is compared with in the same run. */
export type Row = { name: string; value: number; unit: string; note?: string };

/** The p-th percentile (0–100) of some numbers, by nearest rank. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN;
}

/** How many times one value is another, as a note. */
export const times = (value: number, of: number, what: string): string =>
  `${(value / of).toFixed(2)} × ${what}`;
