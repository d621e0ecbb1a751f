import { sql } from "drizzle-orm";
import type { Db } from "./database.ts";
import { type Listed, type Page, pattern } from "./page.ts";

/** What may wait for the operator. */
export const queueKinds = [
  "held_alarm",
  "held_work",
  "deadly_work",
  "undelivered_answer",
  "former_wallet",
  "unclear_answer",
  "blocked_invoice",
  "refused_relay",
  "late_relay",
  "stuck_relay",
  "stuck_community",
  "refund",
] as const;
export type QueueKind = (typeof queueKinds)[number];

/** One thing that waits. `since` and `expiresAt` are unix seconds; `problem` is our code, or an error's words. */
export type QueueRow = {
  id: string;
  kind: QueueKind;
  tenant: string;
  /** `<machine>/<id>` of what it is about. */
  actor: string;
  since: number;
  problem: string | null;
  /** Sats and bolt11, where it is about one. */
  amount: number | null;
  bolt11: string | null;
  expiresAt: number | null;
};
/** `wallet` is the pubkey of ours that is connected now, or null without one. */
export type QueueFilter = Page & { q: string | null; kind: string | null; wallet: string | null };

/**
 * Everything that waits for the operator: what the host holds, what a machine says the operator should know
 * of, what our wallet said and we cannot understand, what zooid refused, bolt11s that a former wallet of
 * ours issued, and refunds that are under way.
 */
export function queueQueries({ orm }: Db) {
  const waiting = (wallet: string | null) => sql`
    SELECT 'held_alarm' AS kind, alarms.actor || ' ' || name AS id, scope AS tenant, alarms.actor,
      held_at / 1000 AS since, error AS problem, NULL AS amount, NULL AS bolt11, NULL AS expiresAt
    FROM alarms JOIN actors ON actors.id = alarms.actor WHERE held_at IS NOT NULL
    UNION ALL
    SELECT CASE WHEN state = 'undelivered' THEN 'undelivered_answer'
      WHEN error = 'zooid_died' THEN 'deadly_work' ELSE 'held_work' END, key, scope,
      outbox.actor, created_at / 1000, error, NULL, NULL, NULL
    FROM outbox JOIN actors ON actors.id = outbox.actor
    WHERE state IN ('undelivered', 'held') AND state IN ('todo', 'running', 'undelivered', 'held')
    UNION ALL
    SELECT 'former_wallet', bolt11s.payment_hash, tenant, 'invoice/' || invoices.id, issued_at,
      'issued_by_another_wallet', bolt11s.amount, bolt11s.bolt11, bolt11s.expires_at
    FROM bolt11s JOIN invoices ON invoices.id = bolt11s.invoice
    WHERE settled_at IS NULL AND wallet <> ${wallet ?? ""} AND status = 'pending'
    UNION ALL
    SELECT 'unclear_answer', key, tenant, actor, outbox.created_at / 1000, error, amount, invoice,
      expires_at
    FROM outbox CROSS JOIN invoices ON invoices.id = substr(outbox.actor, length('invoice/') + 1)
    WHERE src = 'askWallet' AND error LIKE 'wallet\_cannot\_tell%' ESCAPE '\\'
      AND state IN ('todo', 'running') AND state IN ('todo', 'running', 'undelivered', 'held')
    UNION ALL
    SELECT attention, actors.id || ' ' || attention, scope, actors.id, at / 1000,
      coalesce((SELECT error FROM outbox WHERE key > actors.id || '#' AND key < actors.id || '$'
        AND src <> 'payByWallet' AND error IS NOT NULL ORDER BY seq DESC LIMIT 1), 'no_answer'),
      (SELECT amount FROM invoices WHERE invoices.id = substr(actors.id, length('invoice/') + 1)),
      NULL, NULL
    FROM actors WHERE attention IS NOT NULL
    UNION ALL
    SELECT 'refused_relay', actors.id, tenant, actors.id, at / 1000, refused, NULL, NULL, NULL
    FROM relays JOIN actors ON actors.id = 'relay/' || relays.id WHERE refused IS NOT NULL
    UNION ALL
    SELECT 'refund', 'tenant/' || pubkey, pubkey, 'tenant/' || pubkey,
      (SELECT max(at) / 1000 FROM journal
       WHERE actor = 'tenant/' || pubkey AND json_extract(event, '$.type') = 'admin.refund'),
      NULL, refund, refund_bolt11, NULL
    FROM tenants WHERE refund IS NOT NULL`;

  return {
    /** Oldest first. */
    async list({ q, kind, wallet, limit, offset }: QueueFilter): Promise<Listed<QueueRow>> {
      const like = pattern(q);
      const matching = sql`FROM (${waiting(wallet)})
        WHERE (${kind} IS NULL OR kind = ${kind})
          AND (${like} IS NULL OR tenant LIKE ${like} ESCAPE '\\' OR actor LIKE ${like} ESCAPE '\\')`;
      const items = orm.all<QueueRow>(
        sql`SELECT * ${matching} ORDER BY since, kind, id LIMIT ${limit} OFFSET ${offset}`,
      );
      const [counted] = orm.all<{ total: number }>(sql`SELECT count(*) AS total ${matching}`);
      return { items, total: counted?.total ?? 0 };
    },
    /** What was said of a bolt11 that is not what was asked for, and for which an invoice still waits. */
    async mismatch(): Promise<string | null> {
      const [blocked] = orm.all<{ problem: string }>(
        sql`SELECT problem FROM (${waiting(null)})
          WHERE kind = 'blocked_invoice' AND problem LIKE 'bolt11_mismatch: %'
          ORDER BY since DESC LIMIT 1`,
      );
      return blocked?.problem.slice("bolt11_mismatch: ".length) ?? null;
    },
    get: async (id: string, wallet: string | null): Promise<QueueRow | null> =>
      orm.all<QueueRow>(sql`SELECT * FROM (${waiting(wallet)}) WHERE id = ${id}`)[0] ?? null,
  };
}
