/** Where somebody is in the login, as the address says it, so that the back button goes a step back. */
import type { StateFrom } from "xstate";
import type { loginMachine, Way } from "../../../machines/login.ts";

export type Place = "" | Way | "backup" | "confirm";

const PARENTS: Record<Place, Place | null> = {
  "": null,
  extension: "",
  connect: "",
  bunker: "",
  key: "",
  create: "",
  backup: "create",
  confirm: "backup",
};

export const placeOf = (text: unknown): Place =>
  typeof text === "string" && text in PARENTS ? (text as Place) : "";

export const parentOf = (place: Place): Place | null => PARENTS[place];

/** Whether one comes to `place` by going back from `from`. */
export function isBefore(place: Place, from: Place): boolean {
  for (let at = parentOf(from); at !== null; at = parentOf(at)) if (at === place) return true;
  return false;
}

/** The place of a state; null where there is no way back. */
export function placeIn(state: StateFrom<typeof loginMachine>): Place | null {
  if (state.matches("choosing")) return "";
  if (state.matches({ create: "backup" })) return "backup";
  if (state.matches({ create: "confirming" })) return "confirm";
  for (const way of ["extension", "connect", "bunker", "key", "create"] as const)
    if (state.matches(way)) return way;
  return null;
}

const SOMEWHERE = "/relays";

/** Where to go when logged in: a path of ours, whatever the address says. */
export function wantedPath(to: unknown): string {
  if (typeof to !== "string" || !/^\/(?![/\\])/.test(to)) return SOMEWHERE;
  const url = URL.parse(to, location.origin);
  if (url?.origin !== location.origin || url.pathname === "/login") return SOMEWHERE;
  return url.pathname + url.search + url.hash;
}

/** The address of a place in the login. */
export const loginPath = (place: Place, to: string): string => {
  const query = new URLSearchParams();
  if (place !== "") query.set("with", place);
  if (to !== SOMEWHERE) query.set("to", to);
  return query.size === 0 ? "/login" : `/login?${query}`;
};
