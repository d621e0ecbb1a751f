/** What a change of plan means and costs, in words, before anybody agrees to it. */
import type { Quote } from "../../../machines/billing/quote.ts";
import type { Seat } from "../../../machines/billing/seats.ts";
import { plans } from "../../../machines/plans.ts";
import { lessUsed } from "../../../machines/tenant/served.ts";
import { day, sats } from "../words/format.ts";

export type Told = { title: string; lines: string[]; confirm: string; done: string };

/**
 * @param besideSats - what an open renewal, written anew, bills for other relays
 * @param nowMs - logical
 * @returns null where nothing would change
 */
export function quoteInWords(
  quote: Quote,
  seat: Seat,
  creditSats: number,
  besideSats: number,
  nowMs: number,
): Told | null {
  const to = plans[quote.plan];
  const now = plans[seat.plan];
  const amount = sats(quote.amountSats);
  const monthly = `${sats(to.priceSats)} a month`;
  /** What comes after the first payment, where that was another sum. */
  const then = quote.amountSats === to.priceSats ? "" : `, then ${monthly}`;
  const until = quote.to === null ? "" : day(quote.to, nowMs);
  const billSats = quote.amountSats + (quote.change === "renewal" ? besideSats : 0);
  const credit = Math.min(creditSats, billSats);
  const paidByCredit = credit > 0 ? [`Your credit pays ${sats(credit)} of it.`] : [];

  /** What was served unpaid shortens what is paid next. */
  const less = lessUsed(quote.usedMs);
  const used = less ? [`It is a month ${less}: paid now, until ${until}.`] : [];

  const beside =
    besideSats > 0 ? [`With your other relays that is one invoice of ${sats(billSats)}.`] : [];

  switch (quote.change) {
    case "none":
      return null;
    case "cancel": {
      const { next } = seat;
      const was = next ? ` to ${plans[next.plan].name}` : "";
      return {
        title: `You keep ${now.name}`,
        lines: [`The change${was} is cancelled. Nothing is due now.`],
        confirm: `Keep ${now.name}`,
        done: `You keep ${now.name}.`,
      };
    }
    case "free":
      return {
        title: "Free from now on",
        lines: [
          seat.is === "new"
            ? "Your unpaid invoice is withdrawn, and your relay is set up at once."
            : "It runs on, and its renewal is dropped from your bill.",
        ],
        confirm: "Change to Free",
        done: "Your relay is on the Free plan.",
      };
    case "downgrade":
      return later(quote, nowMs, [
        `${now.name} is paid until then and stays as it is.`,
        to.priceSats === 0 ? "From then on it costs nothing." : `From then on ${monthly}.`,
        "Nothing is due now, and you can take it back until then.",
      ]);
    case "renewal":
      if (quote.applies === "at_period_end" && quote.to !== null)
        return {
          title: `${to.name} from ${day(quote.at ?? nowMs, nowMs)}, once you pay your renewal`,
          lines: [
            `Your open renewal is withdrawn and written anew: ${amount} until ${until}${then}.`,
            ...beside,
            ...paidByCredit,
            `Unpaid, it stays on ${now.name}. You can take it back until it is paid.`,
          ],
          confirm: `Change to ${to.name} for ${amount}`,
          done: `Your relay is on the ${to.name} plan once the renewal is paid.`,
        };
      if (quote.applies === "at_period_end")
        return later(quote, nowMs, [
          `Your next renewal is written at ${monthly}.`,
          `Unpaid, it stays on ${now.name}. You can take it back until it is paid.`,
        ]);
      return {
        title: `${to.name} when you pay your renewal`,
        lines: [
          `Your open renewal is withdrawn and written anew: ${amount} until ${until}${then}.`,
          ...beside,
          ...paidByCredit,
          "Your relay runs on in the meantime.",
        ],
        confirm: `Change to ${to.name} for ${amount}`,
        done: `Your relay is on the ${to.name} plan once the renewal is paid.`,
      };
    case "upgrade":
      return whenPaid(quote, [
        `${amount} now: the difference for the time until ${until}. From then on ${monthly}.`,
        ...paidByCredit,
        `Until you pay, it stays on ${now.name}. Unpaid, nothing changes.`,
      ]);
    case "purchase":
    case "reactivation":
      return whenPaid(
        quote,
        seat.is === "new"
          ? [
              `Your unpaid invoice is withdrawn and written anew: ${amount} for a month, which begins when your relay is active.`,
              ...used,
              ...paidByCredit,
            ]
          : [
              `${amount} a month, from your payment on.`,
              ...used,
              ...paidByCredit,
              `Until you pay, it stays on ${now.name}. Unpaid, nothing changes.`,
            ],
      );
  }
}

function later(quote: Quote, nowMs: number, lines: string[]): Told {
  const { name } = plans[quote.plan];
  const date = day(quote.at ?? nowMs, nowMs);
  return {
    title: `${name} from ${date}`,
    lines,
    confirm: `Change to ${name} on ${date}`,
    done: `Your relay changes to ${name} on ${date}.`,
  };
}

function whenPaid(quote: Quote, lines: string[]): Told {
  const { name } = plans[quote.plan];
  return {
    title: `${name} as soon as you pay`,
    lines,
    confirm: `Change to ${name} for ${sats(quote.amountSats)}`,
    done: `Your relay is on the ${name} plan.`,
  };
}
