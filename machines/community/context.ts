/** What a community knows, and what is found out about it. */
import type { ToCommunity } from "../messages.ts";

export type CommunityInput = {
  relay: string;
  tenant: string;
  /** How many people the plan allows, the owner among them; null is without limit. */
  limit: number | null;
  isServed: boolean;
};

export type CommunityContext = CommunityInput & {
  /** Seats that are taken: by the owner, by members, and by those whom zooid is still to be told of. */
  taken: number;
  /** People on the waiting list. */
  waiting: number;
  /** How many errands to zooid were ever asked for, and how many of those are over. */
  asked: number;
  done: number;
  /** Changed by every act, so that an answer about what was before is known to be so. */
  turn: number;
  /** When the list in zooid was last compared with ours, and could be trusted; epoch ms. */
  countedAt: number | null;
};

/** What somebody did. Its rows are written in the same unit. */
type Command =
  /** Takes a seat, and asks zooid to let them in. */
  | { type: "SEAT" }
  /** Goes on the waiting list, or off it. */
  | { type: "QUEUE" }
  | { type: "UNQUEUE" }
  /** Gives a seat back, and asks zooid to send them away. */
  | { type: "LEAVE" }
  /** Asks something of zooid that concerns no seat. */
  | { type: "ASK" };

/** The list in zooid seems to differ from ours: it is compared, and what failed is tried again. */
export type CommunityFinding = { type: "LOOK" };

/** What became of errands, oldest first, from the first that was not done. */
export type Ran = { results: ErrandResult[] };
/** `code` says why it was refused, and never sent; null where the list, read back, shows it. */
export type ErrandResult = { n: number; act: ErrandAct; pubkey: string; code: string | null };
export type ErrandAct = "allow" | "unallow" | "ban" | "unban";

/** What the list in zooid showed beside ours. Times are epoch ms. */
export type Compared = {
  turn: number;
  /** False: zooid lost people whom it could not be given back. Nothing follows from such a list. */
  isTrusted: boolean;
  came: { pubkey: string; since: number | null }[];
  gone: string[];
  /** Whom zooid had lost, and has again. */
  restored: string[];
  banned: string[];
  unbanned: string[];
  /** Seats taken once all of this is counted. */
  taken: number;
  /** More than one answer holds. */
  isMore: boolean;
};

/** Who waits longest, as many as there is room for; `by` is who put them there, or `invite` the link. */
export type Admitted = {
  turn: number;
  people: { pubkey: string; by: string | null; invite: string | null }[];
};

export type CommunityEvent = Command | CommunityFinding | ToCommunity;

/** Whether one more may have a seat. */
export const hasRoom = ({ limit, taken }: Pick<CommunityContext, "limit" | "taken">): boolean =>
  limit === null || taken < limit;
