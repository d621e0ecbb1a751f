import { isGuarded } from "../http/edge.ts";

/** A route as far as it tells what is refused before it runs. */
type Route = { method: string; path: string; hooks: Record<string, unknown> };

/**
 * What may come back from any route of this kind, by status, whatever the route does: the edge reads
 * bodies, checks signatures and counts, and schemas are checked before a handler runs.
 */
export function refusalsBefore({ method, path, hooks }: Route): Record<string, string[]> {
  const hasBody = method !== "GET";
  const isChecked = ["body", "query", "params", "headers"].some((part) => hooks[part]);
  return {
    400: ["malformed"],
    ...(isGuarded(path) ? { 401: [] } : {}),
    ...(hasBody ? { 413: ["too_large"], 415: ["not_json"] } : {}),
    // Also where no body is wanted: names that every object has are refused in each.
    ...(hasBody || isChecked ? { 422: ["invalid"] } : {}),
    429: ["rate_limited"],
    500: ["internal"],
    // A signature that is good is stored, so that it is good once: a full disk refuses reads too.
    ...(isGuarded(path) ? { 503: ["cannot_save"] } : {}),
  };
}

/** The codes that a route's own refusal names, of its description. */
export const codesIn = (description = ""): string[] =>
  [...description.matchAll(/`([a-z0-9_]+)`/g)].map(([, code]) => code ?? "");
