/** An instant as people read it. */
export const iso = (ms: number | null | undefined): string =>
  ms == null ? "never" : new Date(ms).toISOString();
