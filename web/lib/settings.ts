/** What the server writes into the page, so that no request is needed to know it. */
type Settings = { relay_scheme: "ws" | "wss"; relay_domain: string };

function read(): Settings {
  const written = document.querySelector<HTMLMetaElement>('meta[name="berth"]')?.content ?? "";
  return JSON.parse(written) as Settings;
}
const settings = read();

/** Relays live at `<subdomain>.<relayDomain>`. */
export const relayDomain = settings.relay_domain;

/** The address of a relay, to be pasted into any Nostr client. */
export const relayUrl = (subdomain: string): string =>
  `${settings.relay_scheme}://${subdomain}.${relayDomain}`;
