import type { Database } from "bun:sqlite";

/** What a connection may spend; a monthly budget is whole again on the 1st, 00:00 UTC. */
export type Budget = { totalSats: number; renewal: "monthly" | "never" };

/** What get_budget answers, in msats and epoch seconds (Alby's extension of NIP-47). */
export type BudgetState = {
  used_budget: number;
  total_budget: number;
  renews_at?: number;
  renewal_period: Budget["renewal"];
};

/** Keeps what each connection has spent, in the ledger. */
export class Spending {
  constructor(private readonly db: Database) {
    db.run(`CREATE TABLE IF NOT EXISTS spending (connection TEXT NOT NULL, at_ms INTEGER NOT NULL,
      msats INTEGER NOT NULL)`);
    db.run("CREATE INDEX IF NOT EXISTS spending_connection ON spending (connection, at_ms)");
  }

  /** Adds msats, fees included, to what the connection has spent. */
  add(connection: string, msats: number, atMs: number): void {
    this.db.query("INSERT INTO spending VALUES (?, ?, ?)").run(connection, atMs, msats);
  }

  /** The budget at an instant of logical time. */
  state(connection: string, budget: Budget, atMs: number): BudgetState {
    const period = budget.renewal === "monthly" ? monthOf(atMs) : null;
    const spent = this.db
      .query<{ msats: number }, [string, number]>(
        "SELECT coalesce(sum(msats), 0) AS msats FROM spending WHERE connection = ? AND at_ms >= ?",
      )
      .get(connection, period?.startMs ?? 0);
    return {
      used_budget: spent?.msats ?? 0,
      total_budget: budget.totalSats * 1000,
      ...(period && { renews_at: period.endMs / 1000 }),
      renewal_period: budget.renewal,
    };
  }
}

function monthOf(atMs: number): { startMs: number; endMs: number } {
  const at = new Date(atMs);
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()];
  return { startMs: Date.UTC(year, month), endMs: Date.UTC(year, month + 1) };
}
