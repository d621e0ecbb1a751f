import { AbstractRelay } from "nostr-tools/abstract-relay";
import type { Event } from "nostr-tools/core";
import { finalizeEvent, verifyEvent } from "nostr-tools/pure";

/** What a relay says of itself (NIP-11), as far as the tour looks at it. */
export type RelayInformation = { name: string; pubkey: string; supported_nips: number[] };

/**
 * `<name>.localhost` is no name that every system resolves: this dials the machine and names the host,
 * which is what zooid tells its relays apart by.
 */
class HostWebSocket extends WebSocket {
  constructor(url: string | URL) {
    const { host, port } = new URL(url);
    // Bun takes headers where the DOM's type knows protocols only.
    super(`ws://127.0.0.1:${port}`, { headers: { Host: host } } as unknown as string[]);
  }
}

/** Reads NIP-11 at a relay's address; null where nobody lives there. */
export async function readInformation(relayUrl: string): Promise<RelayInformation | null> {
  const { host, port } = new URL(relayUrl);
  const response = await fetch(`http://127.0.0.1:${port}`, {
    headers: { host, accept: "application/nostr+json" },
  });
  return response.ok ? ((await response.json()) as RelayInformation) : null;
}

/** Connects as any client does, proves who it is (NIP-42), and leaves again after `visit`. */
export async function visitRelay<T>(
  relayUrl: string,
  secretKey: Uint8Array,
  visit: (relay: AbstractRelay) => Promise<T>,
): Promise<T> {
  const relay = new AbstractRelay(relayUrl, {
    verifyEvent,
    websocketImplementation: HostWebSocket as unknown as typeof WebSocket,
  });
  const sign = async (template: Parameters<typeof finalizeEvent>[0]) =>
    finalizeEvent(template, secretKey);
  const challenged = new Promise<void>((resolve) => {
    relay.onauth = (template) => {
      resolve();
      return sign(template);
    };
  });
  try {
    await relay.connect();
    await challenged;
    await relay.auth(sign);
    return await visit(relay);
  } finally {
    relay.close();
  }
}

/** The stored events with these ids. */
export function readEvents(relay: AbstractRelay, ids: string[]): Promise<Event[]> {
  return new Promise((resolve, reject) => {
    const events: Event[] = [];
    const subscription = relay.subscribe([{ ids }], {
      onevent: (event) => events.push(event),
      oneose: () => {
        resolve(events);
        subscription.close();
      },
      onclose: (reason) => reject(new Error(`the relay closed the subscription: ${reason}`)),
    });
  });
}
