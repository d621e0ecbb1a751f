import { Unavailable } from "../errors.ts";

/** @param said for the operator: what was not understood */
export function nonsense(said?: string): Unavailable {
  return new Unavailable(
    "wallet_nonsense",
    "the wallet's answer makes no sense",
    said ? { said } : {},
  );
}
