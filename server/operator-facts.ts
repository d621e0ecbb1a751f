import { npubEncode } from "nostr-tools/nip19";
import { parsePublicKey } from "./nostr/keys.ts";

const LINKS = ["terms", "privacy", "status", "source"] as const;
const NAME_MAX = 60;

/** Who runs this Berth, as they want it known. All of it is public. */
export type OperatorFacts = Readonly<{
  name: string | null;
  /** Where to write: `npub1…` or an e-mail address. */
  contact: string | null;
  /** https URLs, each left out where the operator names none. */
  links: Readonly<Partial<Record<(typeof LINKS)[number], string>>>;
}>;

/** One line, without control or direction marks: it signs messages. */
export function parseOperatorName(text: string): string {
  if (text.length > NAME_MAX || /[\p{C}\p{Zl}\p{Zp}]/u.test(text))
    throw new Error(`must be one line of at most ${NAME_MAX} characters`);
  return text;
}

/** → `npub1…` or the e-mail address as it is. */
export function parseOperatorContact(text: string): string {
  if (/^[^\s@<>"?&#%]+@[^\s@<>"?&#%/]+\.[a-z0-9-]+$/i.test(text)) return text;
  try {
    return npubEncode(parsePublicKey(text));
  } catch {
    throw new Error("must be an npub or an e-mail address");
  }
}

/** A JSON object of https URLs. */
export function parseOperatorLinks(text: string): OperatorFacts["links"] {
  const wanted = `must be a JSON object of https:// URLs, with any of ${LINKS.join(", ")}`;
  let links: unknown = null;
  try {
    links = JSON.parse(text);
  } catch {
    // said below
  }
  if (typeof links !== "object" || links === null || Array.isArray(links)) throw new Error(wanted);
  return Object.fromEntries(
    Object.entries(links).map(([name, value]) => {
      const url = typeof value === "string" ? URL.parse(value) : null;
      const isKnown = LINKS.some((known) => known === name);
      if (!isKnown || url?.protocol !== "https:" || url.username !== "" || url.password !== "")
        throw new Error(wanted);
      return [name, url.href];
    }),
  );
}
