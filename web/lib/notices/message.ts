/** Messages as the account shows them, whether the feed brought them or a list did. Times are epoch ms. */
import type { Static } from "elysia";
import { statusOf } from "../../../machines/describe.ts";
import type { notice } from "../../../server/routes/shapes.ts";
import type { NoticeReplica } from "../live/live.ts";

type Wire = Static<typeof notice>;
export type NoticeStatus = Wire["status"];
export type Message = {
  id: string;
  invoice: string;
  stage: string;
  status: NoticeStatus;
  subject: string | null;
  text: string | null;
  /** Those that took it, or would not. */
  relays: string[];
  createdAt: number;
  sentAt: number | null;
};

export const messageOfWire = (row: Wire): Message => ({
  id: row.id,
  invoice: row.invoice,
  stage: row.stage,
  status: row.status,
  subject: row.subject,
  text: row.text,
  relays: row.relays,
  createdAt: row.created_at * 1000,
  sentAt: row.sent_at === null ? null : row.sent_at * 1000,
});

export const messageOfReplica = ({ value, context: c }: NoticeReplica): Message => ({
  id: c.id,
  invoice: c.invoice,
  stage: c.stage,
  status: statusOf(value) as NoticeStatus,
  subject: c.subject,
  text: c.text,
  relays: c.relays,
  createdAt: c.createdAt,
  sentAt: c.sentAt,
});
