/**
 * What the person publishes of themselves: name, picture, where they read. Asking for it costs a
 * signature, so an answer is kept for a while, in this browser.
 */
import type { Static } from "elysia";
import { createEffect, createRoot, createSignal, on } from "solid-js";
import type { NewProfile } from "../../../machines/login.ts";
import type { profile as profileShape } from "../../../server/routes/shapes.ts";
import { ApiProblem, api, ask } from "../api/api.ts";
import { login, sign } from "../signers/session.ts";

/** As the API tells it; times are unix seconds. */
export type Profile = Static<typeof profileShape>;

type Kept = { pubkey: string; at: number; profile: Profile | null };

const KEPT = "berth.profile";
const GOOD_FOR_MS = 3_600_000;
/** After a failure: a reload shall not ask the signer each time for nothing. */
const FAILED_FOR_MS = 600_000;
const METADATA = 0;

const [current, setCurrent] = createSignal<Kept | null>(read());

/** The profile of who is logged in, as last known; null for a visitor, or when nothing is known. */
export const profile = (): Profile | null => {
  const known = current();
  return known?.pubkey === login()?.pubkey ? (known?.profile ?? null) : null;
};

/** Asks for the profile, unless what is known is fresh. Never throws: a name is not worth an error. */
export async function loadProfile(): Promise<void> {
  const pubkey = login()?.pubkey;
  if (pubkey === undefined || isFresh(pubkey)) return;
  // Marked before the answer, so that nobody asks a second time meanwhile.
  const known = current()?.pubkey === pubkey ? (current()?.profile ?? null) : null;
  remember({ pubkey, at: Date.now() - GOOD_FOR_MS + FAILED_FOR_MS, profile: known });
  try {
    const answer = await ask(api.tenant.profile.get());
    if (login()?.pubkey === pubkey) remember({ pubkey, at: Date.now(), profile: answer });
  } catch {
    // The signer refused, or nobody answers: what is known stays.
  }
}

function isFresh(pubkey: string): boolean {
  const known = current();
  return known?.pubkey === pubkey && Date.now() - known.at < GOOD_FOR_MS;
}

/** What was just published of oneself is known without being asked for. */
export function learnProfile(changed: Partial<Profile>): void {
  const pubkey = login()?.pubkey;
  if (pubkey === undefined) return;
  remember({ pubkey, at: Date.now(), profile: { ...(profile() ?? UNKNOWN), ...changed } });
}

const UNKNOWN: Profile = {
  is_configured: true,
  name: null,
  about: null,
  picture: null,
  nip05: null,
  relays: null,
  inbox_relays: null,
  published_at: { profile: null, relays: null, inbox_relays: null },
};

/**
 * Publishes a first profile. Where Berth knows no relays for it, the name is known in this browser alone.
 * @throws ApiProblem, SignerProblem
 */
export async function publishProfile({ name, about, picture }: NewProfile): Promise<void> {
  const shown = { name: name.trim(), about: about.trim(), picture: picture.trim() };
  learnProfile({
    name: shown.name || null,
    about: shown.about || null,
    picture: shown.picture || null,
  });
  const said = Object.fromEntries(Object.entries(shown).filter(([, text]) => text !== ""));
  const event = await sign(() => ({
    kind: METADATA,
    created_at: Math.floor(Date.now() / 1000),
    tags: [],
    content: JSON.stringify(said),
  }));
  try {
    await ask(api.tenant.publish.post({ event }));
  } catch (error) {
    if (!(error instanceof ApiProblem && error.code === "indexers_not_configured")) throw error;
  }
}

function remember(kept: Kept): void {
  setCurrent(kept);
  try {
    localStorage.setItem(KEPT, JSON.stringify(kept));
  } catch {
    // It is known as long as this page.
  }
}

function read(): Kept | null {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "null") as Kept | null;
    return typeof kept?.pubkey === "string" && typeof kept.at === "number" ? kept : null;
  } catch {
    return null;
  }
}

// Who logs out leaves no name behind.
createRoot(() =>
  createEffect(
    on(
      () => login() === null,
      (isVisitor) => {
        if (!isVisitor || current() === null) return;
        setCurrent(null);
        try {
          localStorage.removeItem(KEPT);
        } catch {
          // There was nothing kept.
        }
      },
    ),
  ),
);
