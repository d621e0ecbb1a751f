import type { Db } from "./database.ts";

/** An actor whose journal may be folded. */
type Candidate = { id: string; machine: string; rev: number; at: number; snapshot: string };

export type Folding = {
  /** Ids after this one. */
  after: string;
  /** So many actors are looked at, at most. */
  limit: number;
  /** Logical epoch ms: nothing may have happened to an actor since. */
  before: number;
  /** Whether an actor has come to its end. */
  hasEnded: (machine: string, snapshot: string) => boolean;
};

/** Makes one row of the journal of an actor that has come to its end. */
export function foldQueries({ sqlite }: Db) {
  const page = sqlite.prepare<{ id: string }, [string, number]>(
    "SELECT id FROM actors WHERE id > ? ORDER BY id LIMIT ?",
  );
  const candidate = sqlite.prepare<Candidate, [string, number]>(
    `SELECT id, machine, rev, at, snapshot FROM actors WHERE id = ? AND at < ? AND rev > 0
       AND EXISTS (SELECT 1 FROM journal WHERE actor = id AND journal.rev < actors.rev)
       AND NOT EXISTS (SELECT 1 FROM alarms WHERE actor = id)
       AND NOT EXISTS (SELECT 1 FROM outbox WHERE actor = id
         AND state IN ('todo', 'running', 'undelivered', 'held'))`,
  );
  const drop = sqlite.prepare<unknown, [string, number]>(
    "DELETE FROM journal WHERE actor = ? AND rev < ?",
  );
  const keep = sqlite.prepare<unknown, [string, string, number]>(
    `UPDATE journal SET event = '{"type":"host.folded"}', cause = 'host', "by" = NULL, reason = NULL,
       snapshot = ?, patch = NULL WHERE actor = ? AND rev = ?`,
  );
  return {
    /**
     * Folds what of the next few actors has ended: of each journal the last row stays, with the whole
     * snapshot. Actor, rows, dedup keys and ledger are not touched.
     *
     * @returns how many were folded, and the last id that was looked at; null at the end of all
     */
    async fold({ after, limit, before, hasEnded }: Folding) {
      const ids = page.all(after, limit).map(({ id }) => id);
      const ended = ids.flatMap((id) => {
        const found = candidate.get(id, before);
        return found && hasEnded(found.machine, found.snapshot) ? [found] : [];
      });
      if (ended.length > 0)
        sqlite
          .transaction(() => {
            for (const { id, rev, snapshot } of ended) {
              drop.run(id, rev);
              keep.run(snapshot, id, rev);
            }
          })
          .immediate();
      return { folded: ended.length, last: ids.length < limit ? null : (ids.at(-1) ?? null) };
    },
  };
}
