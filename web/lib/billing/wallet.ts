/** Recurring billing: what the server knows of it, and what it does with a wallet. */
import type { Static } from "elysia";
import type { billing } from "../../../server/routes/shapes.ts";
import { api, ask } from "../api/api.ts";
import { sats } from "../words/format.ts";

export type Billing = Static<typeof billing>;
export type Warning = Billing["warnings"][number];

/** @throws ApiProblem, SignerProblem */
export const readBilling = (): Promise<Billing> => ask(api.tenant.billing.get());
/** Asks the wallet whether it can pay; pays nothing. @throws ApiProblem, SignerProblem */
export const checkWallet = (): Promise<Billing> => ask(api.tenant.billing.check.post());
/** Tries a connection and keeps it; null disconnects. @throws ApiProblem, SignerProblem */
export const setWallet = (nwcUrl: string | null): Promise<Billing> =>
  ask(api.tenant.billing.put({ nwc_url: nwcUrl }));

/** Has the connected wallet pay an invoice now; what comes of it is seen in the live feed. @throws ApiProblem, SignerProblem */
export const payByWallet = (invoice: string) =>
  ask(api.tenant.invoices({ id: invoice }).pay.post());

/** A warning in two sentences: what is wrong, what to do. */
export function warningWords({ code, detail, needed_budget }: Warning): string {
  switch (code) {
    case "budget_too_low":
      return `Its budget is too small for what your relays cost. ${
        needed_budget === null
          ? "Raise it in your wallet"
          : `Raise it to ${sats(needed_budget)} in your wallet`
      }, or some renewals will have to be paid by hand.`;
    case "more_than_needed":
      return "This connection can do more than pay. It works; a connection that can only pay would be safer to leave here.";
    case "wallet_refused":
      return needed_budget === null
        ? `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`
        : `${detail.charAt(0).toUpperCase()}${detail.slice(1)}. Give it ${sats(needed_budget)} a month in your wallet, and it is asked again by itself.`;
    case "wallet_broken":
      return "It refused to pay once and is not asked again. Connect it anew with a fresh permission.";
    default:
      return `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`;
  }
}

/** Whether it was asked to pay what is open, and did not. */
export const hasRefused = (billing: Billing | undefined | null): boolean =>
  billing?.warnings.some(({ code }) => code === "wallet_refused") ?? false;

/** What the server will say of something that is no connection at all, told before it is sent. */
export function connectionProblem(text: string): string | null {
  const isOne =
    /^\s*(type=nwc;key=)?nostr\+?walletconnect:(\/\/)?([0-9a-f]{64}|npub1[a-z0-9]{58})\/?\?/i.test(
      text,
    );
  const params = new URLSearchParams(text.slice(text.indexOf("?") + 1).trim());
  const secret = /^([0-9a-f]{64}|nsec1[a-z0-9]{58})$/i;
  if (isOne && params.has("relay") && secret.test(params.get("secret") ?? "")) return null;
  if (text === "") return "Paste the connection that your wallet gave you.";
  return "This is not a whole connection. It begins with nostr+walletconnect:// and has a relay and a secret in it: copy it once more.";
}
