import { Refused, Unavailable } from "../errors.ts";

/** @param said for the operator: what was not understood */
export const nonsense = (said?: string): Unavailable =>
  new Unavailable("wallet_nonsense", "the wallet's answer makes no sense", said ? { said } : {});

export const silent = (): Unavailable =>
  new Unavailable("wallet_silent", "the wallet did not answer in time");

/** Our code of a NIP-47 code. */
export const codeOf = (nip47Code: string): string => `wallet_${nip47Code.toLowerCase()}`;

/** The wallet's answer was an error. @param said its words, for the operator of that wallet */
export const answered = (nip47Code: string, said?: string): Unavailable =>
  new Unavailable(codeOf(nip47Code), `the wallet answered ${nip47Code}`, said ? { said } : {});

/**
 * Whether our wallet answered, and what is wrong may be so with this one request: wallets that forget
 * expired bolt11s say INTERNAL where NIP-47 has NOT_FOUND. It must not close the way for all others.
 */
export const mayConcernOne = (error: unknown): error is Unavailable =>
  error instanceof Unavailable &&
  ["wallet_internal", "wallet_other", "wallet_nonsense"].includes(error.code);

/** Of what went wrong with each relay, what says most. */
export function worstOf(errors: unknown[]): Error {
  const said = errors.find(
    (error) => error instanceof Unavailable && error.code.startsWith("wallet_"),
  );
  if (said instanceof Unavailable) return said;
  const refused = errors.filter((error) => error instanceof Refused);
  if (errors.length > 0 && refused.length === errors.length) {
    const unfit = refused.find(({ code }) => code.startsWith("wallet_"));
    if (unfit) return unfit;
    return new Refused("outbound_refused", "the wallet's relays are not on the public internet");
  }
  const reason = errors.map(reasonOf).find((one) => one !== "");
  return new Unavailable(
    "wallet_unreachable",
    "the wallet cannot be reached over its relays",
    reason ? { said: reason } : {},
  );
}

/** A relay's own words, which are printable. */
function reasonOf(error: unknown): string {
  const { reason } = (error ?? {}) as { reason?: unknown };
  return typeof reason === "string" ? reason : "";
}
