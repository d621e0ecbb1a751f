import { asc, eq, sql } from "drizzle-orm";
import type { Db } from "./database.ts";
import { ledger } from "./schema.ts";

/** Where a tenant's sats came from and went. `held` is the part of `credit` that open invoices hold. */
export type Statement = {
  received: number;
  granted: number;
  applied: number;
  credit: number;
  held: number;
  refunded: number;
};

/** The ledger: lines are only ever appended. */
export function ledgerQueries({ orm }: Db) {
  const sums = orm
    .select({ from: ledger.from, to: ledger.to, sats: sql<number>`sum(${ledger.amount})` })
    .from(ledger)
    .where(eq(ledger.tenant, sql.placeholder("tenant")))
    .groupBy(ledger.from, ledger.to)
    .prepare();
  const lines = orm
    .select({ from: ledger.from, to: ledger.to, sats: ledger.amount })
    .from(ledger)
    .where(eq(ledger.tenant, sql.placeholder("tenant")))
    .orderBy(asc(ledger.seq))
    .prepare();
  return {
    /**
     * A tenant's accounts to the sat: received + granted (with what an operator counted as paid) =
     * applied + credit + refunded (with what is set aside for it).
     */
    async statement(tenant: string): Promise<Statement> {
      const rows = sums.all({ tenant });
      const flow = (from: string, to: string): number =>
        rows
          .filter((row) => row.from.startsWith(from) && row.to.startsWith(to))
          .reduce((sum, row) => sum + row.sats, 0);
      const balance = (account: string): number => flow("", account) - flow(account, "");
      const held = balance("invoice/");
      return {
        received: flow("wallet", ""),
        granted: flow("granted", "") + flow("operator", ""),
        applied: flow("", "revenue"),
        credit: balance("tenant/") + held,
        held,
        refunded: flow("", "refund/") - flow("refund/", "tenant/"),
      };
    },
    /**
     * How much of a tenant's credit was granted: no money, so never given back as such. What is paid is
     * paid by what its invoice held, of which what was granted goes first; a refund takes none of it.
     */
    async grantedCredit(tenant: string): Promise<number> {
      const own = `tenant/${tenant}`;
      const granted = new Map<string, number>();
      const add = (account: string, sats: number) =>
        granted.set(account, (granted.get(account) ?? 0) + sats);
      // Of what invoices gave back: it is what revenue takes next, before anything else that is there.
      let returned = 0;
      for (const { from, to, sats } of lines.all({ tenant })) {
        if (to.startsWith("refund/")) continue;
        const limit = from === own && to === "revenue" ? returned : (granted.get(from) ?? 0);
        const moved = from === "granted" ? sats : Math.min(sats, limit);
        if (from !== "granted") add(from, -moved);
        add(to, moved);
        if (from.startsWith("invoice/")) returned = moved;
        else if (to === "revenue") returned -= moved;
      }
      return granted.get(own) ?? 0;
    },
    /** What every account holds: received less given, sats. Outside accounts run negative. */
    async balances(): Promise<Map<string, number>> {
      const rows = orm.all<{ account: string; sats: number }>(sql`
        SELECT account, sum(sats) AS sats FROM (
          SELECT to_account AS account, amount AS sats FROM ledger
          UNION ALL SELECT from_account, -amount FROM ledger
        ) GROUP BY account`);
      return new Map(rows.map(({ account, sats }) => [account, sats]));
    },
  };
}
