/**
 * Starts a server on the port it had before, so that addresses which others stored stay valid, or on
 * a free one when that is taken or there was none.
 *
 * @param start - listens on the port given; 0 means a free one. Its other errors are passed on.
 */
export async function onPreferredPort<T>(
  preferred: number | undefined,
  start: (port: number) => T | Promise<T>,
): Promise<T> {
  if (preferred === undefined || preferred === 0) return start(0);
  try {
    return await start(preferred);
  } catch (error) {
    if (!isTaken(error)) throw error;
    return start(0);
  }
}

const isTaken = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "EADDRINUSE";
