/** What messages are called, and what became of them, in words. */
import { meaningOf } from "../../../machines/describe.ts";
import { machines } from "../../../machines/index.ts";
import type { Stage } from "../../../machines/messages.ts";
import type { NoticeStatus } from "./message.ts";

const STAGES: Record<Stage, string> = {
  due: "An invoice is due",
  three_days_left: "Three days left to pay",
  one_day_left: "One day left to pay",
  suspended: "Suspended",
  reactivated: "Running again",
  receipt: "Receipt",
  wallet_broken: "Your wallet refused",
};
export const stageWords = (stage: string): string => STAGES[stage as Stage] ?? "A message";

/** The word on the badge. */
export const DELIVERY: Record<NoticeStatus, string> = {
  queued: "on its way",
  delivered: "delivered",
  refused: "refused",
  no_inbox: "no inbox",
  missed: "missed",
};
/** What became of it, in the machine's words. */
export const deliveryMeaning = (status: NoticeStatus): string => meaningOf(machines.notice, status);

/** Text in pieces. `path` is where a link to our own pages leads; `isCode` what is only to be copied. */
export type Piece = { text: string; path: string | null; isCode: boolean };
/** No word is as long: a bolt11. */
const CODE = /^[a-z0-9]{60,}$/i;

/** Only our own origin becomes a link: a relay's name is written by anybody. */
export function pieces(text: string, origin: string): Piece[] {
  return text
    .split(/(https?:\/\/[^\s<>"']*[^\s<>"'.,;:)]|[a-z0-9]{60,})/i)
    .flatMap((part): Piece[] => {
      if (part === "") return [];
      const url = URL.canParse(part) ? new URL(part) : null;
      const isOurs = url !== null && url.origin === origin && /^https?:$/.test(url.protocol);
      const path = isOurs ? url.pathname + url.search : null;
      return [{ text: part, path, isCode: CODE.test(part) }];
    });
}
