import type { BrokenCode } from "../../machines/invoice/context.ts";
import { lessUsed } from "../../machines/tenant/served.ts";
import type { OperatorFacts } from "../operator-facts.ts";
import type { NoticeFacts } from "./facts.ts";
import { briefly, byNumber, day, listed, moment, sats, yours } from "./words.ts";

/** Plain text; lines of a paragraph are not broken. */
export type Notice = { subject: string; text: string };

/** The page of one invoice. */
export function invoiceLink(publicUrl: string, invoice: string): string {
  return `${publicUrl}/account?invoice=${encodeURIComponent(invoice)}`;
}

/**
 * What a notice says. The consequence first, then the ask; every date in UTC, every amount exact. Says
 * how long is left by dates alone, or as an upper bound: a message may be read days later.
 */
export function noticeText(facts: NoticeFacts, operator: OperatorFacts): Notice {
  const { subject, paragraphs } = write(facts);
  return { subject, text: [...paragraphs, ...signature(operator)].join("\n\n") };
}

/** Who writes, and where to ask. */
function signature({ name, contact }: OperatorFacts): string[] {
  if (contact !== null) return [`${name ?? "Your host"}. Questions: ${contact}`];
  return name === null ? [] : [name];
}

type Draft = { subject: string; paragraphs: string[] };
type Of<Stage extends NoticeFacts["stage"]> = Extract<NoticeFacts, { stage: Stage }>;

function write(facts: NoticeFacts): Draft {
  switch (facts.stage) {
    case "due":
      return due(facts);
    case "three_days_left":
      return reminder(facts, "3 days are");
    case "one_day_left":
      return reminder(facts, "1 day is");
    case "suspended":
      return suspended(facts);
    case "reactivated":
      return reactivated(facts);
    case "receipt":
      return receipt(facts);
    case "wallet_broken":
      return walletBroken(facts);
  }
}

function due(facts: Of<"due">): Draft {
  const { relays, amountSats, dueAt, graceEndsAt } = facts;
  const [is, keeps] = [byNumber(relays, "is", "are"), byNumber(relays, "keeps", "keep")];
  return {
    subject: `${sats(amountSats)} for ${briefly(relays)} by ${day(graceEndsAt)}`,
    paragraphs: [
      `${yours(relays)} ${is} paid through ${moment(dueAt)}, and ${keeps} running until ${moment(graceEndsAt)}. ${otherwiseSuspended(facts)}`,
      ...refused(facts),
      ...toPay(facts),
    ],
  };
}

function reminder(facts: Of<"three_days_left" | "one_day_left">, left: string): Draft {
  const { relays, amountSats, graceEndsAt } = facts;
  const [is, it] = [byNumber(relays, "is", "are"), byNumber(relays, "it is", "they are")];
  return {
    subject: `Less than ${left} left: ${sats(amountSats)} for ${briefly(relays)}`,
    paragraphs: [
      `${yours(relays)} ${is} suspended on ${moment(graceEndsAt)} unless ${it} paid for. Less than ${left} left to pay. Nothing is deleted.`,
      ...refused(facts),
      ...toPay(facts),
    ],
  };
}

function suspended(facts: Of<"suspended">): Draft {
  const { relays, relay, amountSats, suspendedAt, payableUntil, usedMs, publicUrl } = facts;
  const page = `${publicUrl}/relays/${relay}`;
  const less = lessUsed(usedMs);
  const starts = `The time you pay for starts then${less && `, ${less}`}; days spent suspended are not billed.`;
  return {
    subject: `Suspended: ${briefly(relays)}`,
    paragraphs: [
      `${yours(relays)} was suspended on ${moment(suspendedAt)}, because its renewal of ${sats(amountSats)} was not paid. Nobody can connect to it. Nothing was deleted, and the address stays yours.`,
      payableUntil === null
        ? `It comes back when you buy a month for it. ${starts}`
        : `It comes back as soon as you pay. ${starts} You can pay until ${moment(payableUntil)}.`,
      listed(relays),
      `See it and bring it back: ${page}`,
    ],
  };
}

function reactivated(facts: Of<"reactivated">): Draft {
  const { relays, paidThrough, usedMs, publicUrl, invoice } = facts;
  const less = lessUsed(usedMs);
  const paid =
    paidThrough === null
      ? ""
      : ` ${byNumber(relays, "It is", "They are")} paid through ${moment(paidThrough)}${less && `: what you paid for, ${less}`}.`;
  return {
    subject: `Running again: ${briefly(relays)}`,
    paragraphs: [
      `${yours(relays)} ${byNumber(relays, "is", "are")} running again.${paid}`,
      listed(relays),
      `The invoice: ${invoiceLink(publicUrl, invoice)}`,
    ],
  };
}

function receipt(facts: Of<"receipt">): Draft {
  const { relays, amountSats, creditSats, paidThrough, publicUrl, invoice } = facts;
  const is = byNumber(relays, "is", "are");
  const again = byNumber(relays, "it is", "they are");
  const paid =
    paidThrough === null
      ? `paid for; what you paid for starts when ${again} running again`
      : `paid through ${moment(paidThrough)}`;
  const rest = creditSats > 0 ? `, and your credit ${sats(creditSats)}` : "";
  return {
    subject: `Paid: ${sats(amountSats)} for ${briefly(relays)}`,
    paragraphs: [
      `${yours(relays)} ${is} ${paid}. Your connected wallet paid ${sats(amountSats - creditSats)}${rest}. There is nothing for you to do.`,
      `Paid for:\n${listed(relays)}`,
      `The invoice: ${invoiceLink(publicUrl, invoice)}`,
    ],
  };
}

const refusals: Record<BrokenCode, string> = {
  UNAUTHORIZED: "it does not know this connection any more (UNAUTHORIZED)",
  RESTRICTED: "this connection may not pay (RESTRICTED)",
  NOT_IMPLEMENTED: "it cannot pay for others (NOT_IMPLEMENTED)",
  UNSUPPORTED_ENCRYPTION: "it does not understand how we write to it (UNSUPPORTED_ENCRYPTION)",
};

function walletBroken(facts: Of<"wallet_broken">): Draft {
  const { relays, amountSats, graceEndsAt, reason, publicUrl } = facts;
  return {
    subject: `Your wallet refused to pay ${sats(amountSats)} for ${briefly(relays)}`,
    paragraphs: [
      graceEndsAt === null
        ? `${yours(relays)} ${byNumber(relays, "is", "are")} suspended, and ${byNumber(relays, "comes", "come")} back as soon as you pay.`
        : `${yours(relays)} ${byNumber(relays, "keeps", "keep")} running until ${moment(graceEndsAt)}. ${otherwiseSuspended(facts)}`,
      `Your connected wallet refused to pay: ${refusals[reason]}. It is not asked again. Pay this invoice yourself, then connect a wallet that may pay, and later invoices are paid automatically: ${publicUrl}/account`,
      ...toPay(facts),
    ],
  };
}

/** That the wallet was asked, and why it did not pay: its owner may mend that. */
function refused({ refusal }: Of<"due" | "three_days_left" | "one_day_left">): string[] {
  if (refusal === null) return [];
  const { code, words, againAt } = refusal;
  const next =
    againAt === null
      ? "It is not asked again for this invoice."
      : `We ask it again on ${moment(againAt)}; you can also pay yourself before that.`;
  return [`Your connected wallet was asked to pay, and did not: ${words} (${code}). ${next}`];
}

function otherwiseSuspended({ relays }: Pick<NoticeFacts, "relays">): string {
  const it = byNumber(relays, "it is", "they are");
  return `If ${it} not paid for by then, ${it} suspended; nothing is deleted.`;
}

function toPay(facts: Of<"due" | "three_days_left" | "one_day_left" | "wallet_broken">) {
  const { relays, amountSats, bolt11, publicUrl, invoice } = facts;
  const paragraphs = [
    `To pay: ${sats(amountSats)}, for\n${listed(relays)}`,
    `See the invoice and pay it: ${invoiceLink(publicUrl, invoice)}`,
  ];
  if (bolt11 === null) return paragraphs;
  return [
    ...paragraphs,
    `Or pay from any Lightning wallet until ${moment(bolt11.expiresAt)}; after that, the page gives you a new one:\n${bolt11.text}`,
  ];
}
