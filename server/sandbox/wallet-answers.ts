import type { Database } from "bun:sqlite";
import type { Nip47Response } from "./nip47.ts";

/** Real time after which a request event is too old to be delivered again. */
const KEPT_MS = 7 * 86_400_000;

/** The answers a wallet has given, by request event id, so that no request is executed twice. */
export class WalletAnswers {
  constructor(private readonly db: Database) {
    db.run(`CREATE TABLE IF NOT EXISTS answers (request_id TEXT PRIMARY KEY,
      response TEXT NOT NULL, answered_at_ms INTEGER NOT NULL)`);
    db.query("DELETE FROM answers WHERE answered_at_ms < ?").run(Date.now() - KEPT_MS);
  }

  find(requestId: string): Nip47Response | null {
    const row = this.db
      .query<{ response: string }, [string]>("SELECT response FROM answers WHERE request_id = ?")
      .get(requestId);
    return row && JSON.parse(row.response);
  }

  keep(requestId: string, response: Nip47Response): void {
    this.db
      .query("INSERT INTO answers VALUES (?, ?, ?)")
      .run(requestId, JSON.stringify(response), Date.now());
  }
}
