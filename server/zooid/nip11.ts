import { type Exchange, NoAnswer, parseObject } from "./http.ts";
import type { Pulse } from "./pulse.ts";
import type { RelayInfo } from "./virtual-relay.ts";

/** What a relay's host shows of it. Untrusted: owner and managers choose its words. */
export type Nip11 = {
  /** The relay's own pubkey, and its owner's. */
  self: string;
  owner: string;
  info: RelayInfo;
  /** `supported_nips`, whose elements are numbers and strings by turns. */
  supports: ReadonlySet<string>;
};

/**
 * What answers at a host: nothing (404), a document, or something odd, which is too long, no document
 * at all, another status, or silence of this host alone.
 */
export type Shown = Nip11 | "nothing" | "odd";

/** Nobody's, for ever (RFC 2606). */
const NOBODY = "berth-asks-whether-anybody-is-there.invalid";
/** One look at the whole serves all who want to know at that moment. */
const REMEMBERED_MS = 200;

export type RelayHosts = {
  /**
   * Looks at one host. What is odd about it concerns it alone: zooid is down only where a host that
   * nobody has gets no answer either.
   *
   * @throws {NoAnswer} zooid as a whole does not answer
   */
  look(host: string, signal: AbortSignal): Promise<Shown>;
  /** Does zooid answer at all? */
  isUp(signal: AbortSignal): Promise<boolean>;
};

/** @param relayUrl where relays are reached, each with its own `Host`; with a slash at its end */
export function createRelayHosts(relayUrl: string, exchange: Exchange, pulse: Pulse): RelayHosts {
  // zooid compares both headers byte for byte.
  const get = (host: string, signal: AbortSignal) =>
    exchange(
      relayUrl,
      { method: "GET", headers: { host, accept: "application/nostr+json" } },
      signal,
    );
  let upUntilMs = 0;

  async function isUp(signal: AbortSignal): Promise<boolean> {
    if (performance.now() < upUntilMs) return true;
    const answer = await get(NOBODY, signal).catch(() => null);
    // Who gave up learned nothing.
    if (signal.aborted) return false;
    const isUp = answer !== null && answer.status < 500 && answer.text !== null;
    if (isUp) pulse.answered();
    else pulse.missed();
    if (isUp) upUntilMs = performance.now() + REMEMBERED_MS;
    return isUp;
  }

  return {
    isUp,
    async look(host, signal) {
      let failure: NoAnswer | null = null;
      // A connection that was kept may have ended long ago; the second try has one of its own.
      for (let attempt = 0; attempt < 2; attempt++) {
        try {
          const { status, text } = await get(host, signal);
          if (status === 404) {
            pulse.answered();
            return "nothing";
          }
          const document = status === 200 ? parseObject(text) : null;
          if (document) {
            pulse.answered();
            return nip11Of(document);
          }
          // A proxy says so of who is behind it and gone.
          failure = new NoAnswer([502, 503, 504].includes(status) ? "refused" : "silent");
          break;
        } catch (error) {
          if (!(error instanceof NoAnswer) || signal.aborted) throw error;
          failure = error;
        }
      }
      if (await isUp(signal)) return "odd";
      throw failure ?? new NoAnswer("silent");
    },
  };
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** zooid leaves empty strings out. */
function nip11Of(document: Record<string, unknown>): Nip11 {
  const { supported_nips: supported } = document;
  return {
    self: text(document.self),
    owner: text(document.pubkey),
    info: {
      name: text(document.name),
      description: text(document.description),
      icon: text(document.icon),
    },
    supports: new Set(Array.isArray(supported) ? supported.map(String) : []),
  };
}
