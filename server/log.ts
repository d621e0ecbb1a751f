/** One line of JSON per entry on standard error. Never pass it what could hold a secret. */
export type Log = (level: "info" | "warn" | "error", message: string, data?: object) => void;

let isTroubleOnly = false;

/** From here on leaves out what is merely good to know: for the sandbox, whose log lines a person reads. */
export const logTroubleOnly = (): void => {
  isTroubleOnly = true;
};

export const log: Log = (level, message, data = {}) => {
  if (isTroubleOnly && level === "info") return;
  const time = new Date().toISOString();
  process.stderr.write(`${JSON.stringify({ time, level, message, ...data })}\n`);
};

/** What may be said of an unexpected error: its name, its stack, never its fields. */
export const describe = (error: unknown): object =>
  error instanceof Error
    ? { error: error.name, stack: error.stack }
    : { error: typeof error === "string" ? error : "unknown" };
