import type { NoticeRow } from "../../db/notices.ts";
import { statusOf } from "../../machines/describe.ts";
import type { NoticeContext } from "../../machines/notice.ts";
import type { PersistedSnapshot } from "../host/xstate.ts";
import { toSeconds, toSecondsOrNull } from "./seconds.ts";

export function noticeRow({ value, context }: PersistedSnapshot): NoticeRow {
  const c = context as NoticeContext;
  return {
    id: c.id,
    tenant: c.tenant,
    invoice: c.invoice,
    stage: c.stage,
    status: statusOf(value) as NoticeRow["status"],
    subject: c.subject,
    text: c.text,
    relays: JSON.stringify(c.relays),
    createdAt: toSeconds(c.createdAt),
    sentAt: toSecondsOrNull(c.sentAt),
  };
}
