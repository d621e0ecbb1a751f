import { SQLiteError } from "bun:sqlite";
import type { Db } from "./database.ts";
import { outbox } from "./schema.ts";
import { UniqueViolation, Violation } from "./store.ts";
import type { Unit } from "./unit.ts";
import { putWriter } from "./write-puts.ts";

type Job = {
  unit: Unit;
  resolve: (isWritten: boolean) => void;
  reject: (reason: unknown) => void;
};

const SHARED_MAX = 32;
/** So many old rows go with each piece of work that ends, so that the outbox stays small without a sweep. */
const PRUNED_PER_ENDING = 2;
const KEEP_FINISHED_MS = 7 * 86_400_000;

/**
 * Writes units in IMMEDIATE transactions, one after the other. Units that wait at the same moment
 * share a commit, at most 32: the fsync is paid once. Where one of them breaks a constraint they are
 * written anew, each in a savepoint, and only that one is not.
 */
export function sqliteFlush(db: Db): (unit: Unit) => Promise<boolean> {
  const { sqlite } = db;
  const prepared = (sql: string) => {
    const statement = sqlite.prepare(sql);
    return () => void statement.run();
  };
  const begin = prepared("BEGIN IMMEDIATE");
  const commit = prepared("COMMIT");
  const rollback = prepared("ROLLBACK");
  const savepoint = prepared("SAVEPOINT unit");
  const release = prepared("RELEASE unit");
  const rollbackTo = prepared("ROLLBACK TO unit");
  const writePut = putWriter(db);
  const prune = sqlite.prepare(
    `DELETE FROM outbox WHERE seq IN
       (SELECT seq FROM outbox WHERE finished_at < ? ORDER BY finished_at LIMIT ?)`,
  );
  const jobs: Job[] = [];
  let isScheduled = false;

  function write(unit: Unit): void {
    for (const put of unit.puts) {
      writePut(put);
      const { state, finishedAt } = put.row;
      if (put.table === outbox && state === "done" && typeof finishedAt === "number")
        prune.run(finishedAt - KEEP_FINISHED_MS, PRUNED_PER_ENDING);
    }
  }

  /** All in one transaction. @throws what any of them says, or the disk: then nothing is written */
  function writeAll(together: readonly Job[]): void {
    begin();
    for (const { unit } of together) write(unit);
    commit();
    for (const { resolve } of together) resolve(true);
  }

  /** The same, one taken back where it breaks a constraint. It costs two statements for each. */
  function writeEach(together: readonly Job[]): void {
    begin();
    const ends = together.map((job) => {
      savepoint();
      try {
        write(job.unit);
        release();
        return () => job.resolve(true);
      } catch (error) {
        const problem = named(error);
        // Where SQLite itself gave the transaction up, the others' writes are gone too.
        if (!(problem instanceof Violation) || !sqlite.inTransaction) throw error;
        rollbackTo();
        release();
        return () => end(job, problem);
      }
    });
    commit();
    for (const tell of ends) tell();
  }

  function commitNext(): void {
    const together = jobs.splice(0, SHARED_MAX);
    isScheduled = jobs.length > 0;
    if (isScheduled) setImmediate(commitNext);
    try {
      writeAll(together);
    } catch (error) {
      rollBack();
      const problem = named(error);
      if (together.length > 1 && problem instanceof Violation) commitEach(together);
      else for (const job of together) end(job, problem);
    }
  }

  function commitEach(together: readonly Job[]): void {
    try {
      writeEach(together);
    } catch (error) {
      rollBack();
      for (const job of together) end(job, named(error));
    }
  }

  /** SQLite itself gives a transaction up when the disk is full; a closed database has none. */
  function rollBack(): void {
    try {
      if (sqlite.inTransaction) rollback();
    } catch {
      // What failed before is what is told.
    }
  }

  return (unit) =>
    new Promise((resolve, reject) => {
      jobs.push({ unit, resolve, reject });
      if (isScheduled) return;
      isScheduled = true;
      setImmediate(commitNext);
    });
}

/** Tells whoever waits that it was not written. */
function end({ resolve, reject }: Job, problem: unknown): void {
  if (isConflict(problem)) resolve(false);
  else reject(problem);
}

/** What a constraint says, as ours. */
function named(error: unknown): unknown {
  if (!(error instanceof SQLiteError) || !error.code?.startsWith("SQLITE_CONSTRAINT")) return error;
  const isUnique = /_(?:UNIQUE|PRIMARYKEY|ROWID)$/.test(error.code);
  return isUnique
    ? new UniqueViolation(error.message, { cause: error })
    : new Violation(error.message, { cause: error });
}

/** The scope, or one of its actors, has such a revision already: somebody else was first. */
const isConflict = (error: unknown): boolean =>
  error instanceof UniqueViolation && /: journal\.(?:scope|actor), /.test(error.message);
