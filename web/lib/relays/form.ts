/** What a relay may be called, in the form, before anybody is asked to sign. */
import {
  DESCRIPTION_MAX,
  isSafeText,
  NAME_MAX,
  subdomainProblem,
} from "../../../machines/names.ts";
import { ApiProblem, wordsOf } from "../api/api.ts";
import { number } from "../words/format.ts";

export type RelayField = "name" | "subdomain" | "description";
export type RelayErrors = Partial<Record<RelayField, string>>;
export const RELAY_FIELDS: readonly RelayField[] = ["name", "subdomain", "description"];
export { DESCRIPTION_MAX, NAME_MAX };

const ODD = "Remove control characters and marks that change the direction of text.";

/** What is wrong with what is to be sent; fields that are not sent are not looked at. */
export function relayErrors(wish: Partial<Record<RelayField, string>>): RelayErrors {
  const errors: RelayErrors = {};
  const { name, subdomain, description } = wish;
  if (name !== undefined) {
    if (name.trim() === "") errors.name = "Give your relay a name.";
    else if (name.length > NAME_MAX) errors.name = tooLong(name, NAME_MAX);
    else if (!isSafeText(name, { lines: false })) errors.name = ODD;
  }
  if (subdomain !== undefined) {
    const problem = subdomainProblem(subdomain);
    if (problem) errors.subdomain = sentence(problem.fix);
  }
  if (description !== undefined) {
    if (description.length > DESCRIPTION_MAX)
      errors.description = tooLong(description, DESCRIPTION_MAX);
    else if (!isSafeText(description, { lines: true })) errors.description = ODD;
  }
  return errors;
}

/** What the server said, by field; `rest` is what belongs to none. */
export function errorsOf(error: unknown): { fields: RelayErrors; rest: string | null } {
  const fields: RelayErrors = {};
  if (error instanceof ApiProblem)
    for (const field of RELAY_FIELDS) if (error.fields[field]) fields[field] = error.fields[field];
  return { fields, rest: Object.keys(fields).length > 0 ? null : wordsOf(error) };
}

const tooLong = (text: string, max: number): string =>
  `${number(text.length)} characters; at most ${number(max)} fit.`;
const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
