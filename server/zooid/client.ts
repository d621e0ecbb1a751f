import { setTimeout as sleep } from "node:timers/promises";
import { hexToBytes } from "nostr-tools/utils";
import { Refused, Unavailable } from "../errors.ts";
import { publicKeyOf } from "../nostr/event.ts";
import { assertSafe, fitText } from "./config-document.ts";
import { createExchange, parseObject } from "./http.ts";
import { createManagementApi } from "./management-api.ts";
import type { RelayInfo, VirtualRelay } from "./virtual-relay.ts";

export { ZooidConflict } from "./management-api.ts";

/** zooid was measured to show a new config after 3 ms in the median and 11 ms at most. */
const POLL_MS = { first: 5, longest: 50 };

/** zooid's management API and, to see what came of it, the relays' own NIP-11 documents. */
export interface ZooidClient {
  /**
   * Makes zooid hold exactly `relay` and waits until the relay's own host shows it: a 2xx from the API
   * means only that a file was written. Idempotent; the answers of zooid that say nothing certain
   * (a lost POST, "already exists") are settled by a PUT of the same document. Calls for one relay
   * must not overlap: zooid writes the file without a lock.
   *
   * A name, description or icon that the owner changed over NIP-86 since `lastConfirmed` is kept where
   * we ourselves want no change of it.
   *
   * @param lastConfirmed what the last `apply` of this relay returned; null if there was none, or if one
   *   that wanted other words was begun since and is not known to have ended (its own words would pass
   *   for the owner's)
   * @returns what zooid now holds, for the caller to adopt; null for a relay made absent
   * @throws {Refused} `zooid_unsafe_<field>` (nothing was sent) or `zooid_refused_config`
   * @throws {Unavailable} `zooid_down`, `zooid_unauthorized`
   * @throws {ZooidConflict} another relay in zooid holds the schema or the host
   * @throws {NotConfirmed} zooid took it, but does not serve it (yet)
   */
  apply(
    relay: VirtualRelay,
    lastConfirmed: RelayInfo | null,
    signal: AbortSignal,
  ): Promise<{ info: RelayInfo | null }>;
  /**
   * Does zooid serve a relay at this host now? For a moment after each restart and reload it serves none.
   *
   * @throws {Unavailable} `zooid_down`
   */
  isServed(host: string, signal: AbortSignal): Promise<boolean>;
}

/** zooid accepted the config, yet the relay's host does not show it. Worth retrying. */
export class NotConfirmed extends Error {
  override readonly name = "NotConfirmed";
  readonly code = "zooid_not_live";
  constructor() {
    super("zooid accepted the relay, but its host does not show it");
  }
}

/**
 * @param o.apiUrl zooid's management API; its host must be zooid's API_HOST to the letter
 * @param o.relayUrl where the relays are reached, each with its own `Host`
 * @param o.secretKey signs every API call (NIP-98); its pubkey is in zooid's API_WHITELIST
 * @param o.timeoutMs for each request
 * @param o.confirmMs how long a relay may take to show itself after it was accepted
 */
export function createZooid(o: {
  apiUrl: string;
  relayUrl: string;
  secretKey: Uint8Array;
  fetch?: typeof fetch;
  timeoutMs?: number;
  confirmMs?: number;
}): ZooidClient {
  const { confirmMs = 5_000, timeoutMs = 5_000 } = o;
  const exchange = createExchange({ fetch: o.fetch ?? fetch, timeoutMs });
  const apiUrl = o.apiUrl.replace(/\/+$/, "");
  const relayUrl = `${o.relayUrl.replace(/\/+$/, "")}/`;
  const api = createManagementApi(apiUrl, o.secretKey, exchange);

  async function apply(
    relay: VirtualRelay,
    lastConfirmed: RelayInfo | null,
    signal: AbortSignal,
  ): Promise<{ info: RelayInfo | null }> {
    assertSafe(relay);
    if (relay.host === new URL(apiUrl).host) {
      throw new Refused("zooid_unsafe_host", "zooid's API would hide a relay at its own host");
    }
    const self = publicKeyOf(hexToBytes(relay.secret));
    // Served for somebody else, who has the host now, is gone as well.
    const isGone = (shown: Nip11 | null) => shown?.self !== self;
    if (relay.presence === "absent") {
      await api.remove(relay.id, signal);
      await confirm(relay.host, isGone, signal);
      return { info: null };
    }
    const shown = lastConfirmed && (await readSteadily(relay.host, signal));
    const info = fieldwise((field) =>
      shown?.self === self && relay[field] === lastConfirmed?.[field]
        ? fitText(field, shown[field])
        : relay[field],
    );
    await api.write({ ...relay, ...info }, signal);
    const isLive = (shown: Nip11 | null) =>
      shown?.self === self && shown.pubkey === relay.owner && hasWords(shown, info);
    await confirm(relay.host, relay.presence === "live" ? isLive : isGone, signal);
    return { info };
  }

  /** @returns null for a 404: nothing is served at that host */
  async function readNip11(host: string, signal: AbortSignal): Promise<Nip11 | null> {
    // zooid compares both headers byte for byte.
    const headers = { host, accept: "application/nostr+json" };
    const { status, text } = await exchange(relayUrl, { method: "GET", headers }, signal);
    if (status === 404) return null;
    if (status === 200) return parseObject(text);
    throw new Unavailable("zooid_down", `zooid answered ${status}`);
  }

  /** The owner's edit just now makes zooid reload, and for some milliseconds it serves nothing. */
  async function readSteadily(host: string, signal: AbortSignal): Promise<Nip11 | null> {
    const shown = await readNip11(host, signal);
    if (shown) return shown;
    await pause(POLL_MS.longest, signal);
    return readNip11(host, signal);
  }

  async function confirm(
    host: string,
    isAsWanted: (shown: Nip11 | null) => boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const deadlineMs = performance.now() + confirmMs;
    let delayMs = POLL_MS.first;
    while (!isAsWanted(await readNip11(host, signal))) {
      if (performance.now() >= deadlineMs) throw new NotConfirmed();
      await pause(delayMs, signal);
      delayMs = Math.min(delayMs * 2, POLL_MS.longest);
    }
  }

  return {
    apply,
    isServed: async (host, signal) => (await readNip11(host, signal)) !== null,
  };
}

/** A relay's NIP-11 document, untrusted. zooid leaves empty strings out. */
type Nip11 = Record<string, unknown>;

function fieldwise(word: (field: keyof RelayInfo) => string): RelayInfo {
  return { name: word("name"), description: word("description"), icon: word("icon") };
}

/** All of them: while zooid still shows the old config, some are the same in both. */
function hasWords(shown: Nip11, { name, description, icon }: RelayInfo): boolean {
  const { name: n = "", description: d = "", icon: i = "" } = shown;
  return n === name && d === description && i === icon;
}

/** Aborted, it just ends: the request that comes after it says so. */
async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  await sleep(delayMs, undefined, { signal }).catch(() => {});
}
