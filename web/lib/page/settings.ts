import type { Offer } from "../../../machines/plans.ts";
import type { OperatorFacts } from "../../../server/operator-facts.ts";

/** What the server writes into the page, so that no request is needed to know it. */
type Settings = {
  relay_scheme: "ws" | "wss";
  relay_domain: string;
  connect_relays: readonly string[];
  offer: Offer;
  operator: OperatorFacts;
};

function read(): Settings {
  const written = document.querySelector<HTMLMetaElement>('meta[name="berth"]')?.content ?? "";
  return JSON.parse(written) as Settings;
}
const settings = read();

/** Relays live at `<subdomain>.<relayDomain>`. */
export const relayDomain = settings.relay_domain;

/** What this operator provides beside relays. */
export const offer = settings.offer;

/** Who runs this Berth. */
export const operator = settings.operator;

/** Opens a message to the operator: mail, or whatever Nostr client is set up (NIP-21). */
export const contactLink = (contact: string): string =>
  `${contact.includes("@") ? "mailto" : "nostr"}:${contact}`;

/** The address of a relay, to be pasted into any Nostr client. */
export const relayUrl = (subdomain: string): string =>
  `${settings.relay_scheme}://${subdomain}.${relayDomain}`;

/** On this machine only, without TLS: the sandbox. */
export const isSandbox = settings.relay_scheme === "ws";

/** Relays that carry NIP-46 to and fro, and ask nobody who they are. */
const PUBLIC_CONNECT_RELAYS = ["wss://relay.nsec.app", "wss://bucket.coracle.social"];
const CONNECT_RELAYS_MAX = 3;

/** Where a remote signer meets us; in the sandbox, nothing that lies outside of it. */
export const connectRelays: readonly string[] = isSandbox
  ? settings.connect_relays
  : [...PUBLIC_CONNECT_RELAYS, ...settings.connect_relays].slice(0, CONNECT_RELAYS_MAX);
