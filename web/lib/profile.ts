/** The person's own name and picture, asked for once. */
import { createResource, createRoot } from "solid-js";
import { login } from "./session.ts";

export type Profile = { name: string | null; picture: string | null };

/** Filled in by the route that reads profiles; a key without one is shown as its npub. */
export const [profile] = createRoot(() =>
  createResource(
    () => login()?.pubkey,
    async (): Promise<Profile> => ({ name: null, picture: null }),
  ),
);
