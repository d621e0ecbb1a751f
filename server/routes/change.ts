import type { Host } from "../host/host.ts";

/**
 * Waits until `isThere` holds, looking after each commit that changes `actor`.
 * @returns whether it does, after at most `waitMs` of real time.
 */
export function changeOf(
  host: Host,
  actor: string,
  isThere: () => boolean,
  waitMs: number,
): Promise<boolean> {
  if (isThere()) return Promise.resolve(true);
  return new Promise((resolve) => {
    const end = (found: boolean): void => {
      clearTimeout(timer);
      unsubscribe();
      resolve(found);
    };
    const unsubscribe = host.onCommit(({ actors }) => {
      if (actors.some(({ id }) => id === actor) && isThere()) end(true);
    });
    const timer = setTimeout(() => end(isThere()), waitMs);
  });
}
