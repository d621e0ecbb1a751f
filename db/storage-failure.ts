import { SQLiteError } from "bun:sqlite";

/**
 * Primary result codes that tell of the disk, or of somebody who keeps it, and nothing of what was
 * written: SQLITE_FULL, _IOERR, _READONLY, _CANTOPEN, _BUSY, _PROTOCOL, _NOMEM, with all that extend them.
 * https://sqlite.org/rescode.html
 */
const OF_THE_DISK = /^SQLITE_(?:FULL|IOERR|READONLY|CANTOPEN|BUSY|PROTOCOL|NOMEM)(?:_|$)/;

/**
 * Whether nothing can be written now: the disk is full, read-only or gone. It says nothing against what
 * was to be written, which is to be tried again; the failed transaction left no trace.
 */
export function isStorageFailure(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof SQLiteError && OF_THE_DISK.test(cause.code ?? "")) return true;
  return false;
}
