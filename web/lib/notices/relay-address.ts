/** Addresses of relays, as they are typed and shown. */

/** An address as people write it: `wss://relay.example.com`. */
export const plainRelay = (url: string): string => url.replace(/^([a-z]+:\/\/[^/]+)\/$/, "$1");

/** A relay's address as it is published, or what is wrong with what was typed. */
export function inboxRelay(text: string): { url: string } | { problem: string } {
  const typed = text.trim();
  const whole = /^[a-z]+:\/\//i.test(typed) ? typed : `wss://${typed}`;
  const url = typed !== "" && URL.canParse(whole) ? new URL(whole) : null;
  if (url === null || !url.hostname || url.username || url.password)
    return { problem: "Write a relay's address, as wss://relay.example.com." };
  const isLocal = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol !== "wss:" && !(url.protocol === "ws:" && isLocal))
    return { problem: "It must begin with wss://: nothing else is safe on the way." };
  if (!isLocal && !url.hostname.includes("."))
    return { problem: "Write a relay's address, as wss://relay.example.com." };
  url.hash = "";
  return { url: plainRelay(url.href) };
}
