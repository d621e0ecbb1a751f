/** The files of a database: where they are, and that nobody else may read them. */
import { chmodSync, existsSync, mkdirSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

export const isInMemory = (path: string): boolean => path === ":memory:";

/**
 * Where a database really is, whatever links lead to it, so that lock and companions of one database are
 * always the same files. Makes its folder where there is none, for its owner alone.
 */
export function realDatabasePath(path: string): string {
  if (isInMemory(path)) return path;
  if (existsSync(path)) return realpathSync(path);
  const folder = dirname(resolve(path));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return join(realpathSync(folder), basename(path));
}

/**
 * Opens a file of a database such that it is its owner's alone, and so are, as SQLite gives them its mode,
 * its `-wal` and `-shm`: what is made here from the start, what was there once it is known for ours.
 */
export function privately<T>(path: string, open: () => T): T {
  if (isInMemory(path)) return open();
  const before = process.umask(0o077);
  try {
    const opened = open();
    for (const file of [path, `${path}-wal`, `${path}-shm`])
      if (existsSync(file)) chmodSync(file, 0o600);
    return opened;
  } finally {
    process.umask(before);
  }
}
