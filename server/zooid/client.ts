import { hexToBytes } from "nostr-tools/utils";
import { Refused } from "../errors.ts";
import { publicKeyOf } from "../nostr/event.ts";
import { assertSafe, fitText } from "./config-document.ts";
import { createExchange, NoAnswer } from "./http.ts";
import { createManagementApi, ZooidConflict } from "./management-api.ts";
import { createRelayHosts, type Nip11, type RelayHosts, type Shown } from "./nip11.ts";
import { OneAlone } from "./one-alone.ts";
import { type ApiState, Pulse } from "./pulse.ts";
import type { RelayInfo, VirtualRelay } from "./virtual-relay.ts";
import { createWriter, isSameWords, NotConfirmed, POLL_MS, pause } from "./writer.ts";

export { NotConfirmed, ZooidConflict };

/** zooid's management API and, to see what came of it, the relays' own NIP-11 documents. */
export interface ZooidClient extends RelayHosts {
  /**
   * Makes zooid hold exactly `relay` and waits until the relay's own host shows it: a 2xx from the API
   * means only that a file was written. Idempotent; a write without an answer is looked for at the
   * relay's host before it is sent again, since each one strands the relay's open sockets. Calls for one
   * relay must not overlap: zooid writes the file without a lock.
   *
   * Whether it may run is written whatever its host shows; words come second. A name, description or
   * icon that the owner changed over NIP-86 since `lastConfirmed` is kept where we ourselves want no
   * change of it.
   *
   * @param lastConfirmed what zooid held when all was last as wanted; null if that is not known, or if a
   *   write that wanted other words was begun since (its words would pass for the owner's)
   * @returns what zooid now holds, for the caller to adopt, of a relay made absent what it held last;
   *   null where that is not known
   * @throws {Refused} `zooid_unsafe_<field>` (nothing was sent) or `zooid_refused_config`
   * @throws {Killed} zooid took it, and died
   * @throws {Unavailable} `zooid_down`, `zooid_unauthorized`, `zooid_forbidden`, `zooid_api_off`
   * @throws {ZooidConflict} another relay in zooid holds the schema or the host
   * @throws {NotConfirmed} zooid took it, but does not serve it (yet)
   */
  apply(
    relay: VirtualRelay,
    lastConfirmed: RelayInfo | null,
    signal: AbortSignal,
  ): Promise<{ info: RelayInfo | null }>;
  /** Asks zooid's API whether it lets us in; the pulse is told. Changes nothing. */
  probeApi(signal: AbortSignal): Promise<ApiState>;
}

export type ZooidOptions = {
  /** zooid's management API; its host must be zooid's API_HOST to the letter. */
  apiUrl: string;
  /** Where the relays are reached, each with its own `Host`. */
  relayUrl: string;
  /** Signs every API call (NIP-98); its pubkey is in zooid's API_WHITELIST. */
  secretKey: Uint8Array;
  /** What is found out about zooid as a whole goes there. */
  pulse?: Pulse;
  fetch?: typeof fetch;
  /** For each request. */
  timeoutMs?: number;
  /** How long a relay may take to show itself after it was accepted. */
  confirmMs?: number;
  /** How long zooid must have been back before anything is written to it: it may die while it loads. */
  settleMs?: number;
};

/** How long what a host shows is waited for before a relay is deleted there. */
const GLANCE_MS = 250;

export function createZooid(o: ZooidOptions): ZooidClient {
  const { confirmMs = 5_000, timeoutMs = 5_000, settleMs = 2_000 } = o;
  const pulse = o.pulse ?? new Pulse(Date.now);
  const exchange = createExchange({ fetch: o.fetch ?? fetch, timeoutMs });
  const apiUrl = o.apiUrl.replace(/\/+$/, "");
  const hosts = createRelayHosts(`${o.relayUrl.replace(/\/+$/, "")}/`, exchange, pulse);
  const api = createManagementApi(apiUrl, o.secretKey, exchange, pulse);
  const writers = new OneAlone();
  /** Relays after whose write zooid died: they are written alone, so that it is known which one it was. */
  const suspects = new Set<string>();
  const { switchTo, put, confirm, appears } = createWriter({
    ...{ api, hosts, pulse, confirmMs },
    onKill: (id) => suspects.add(id),
  });

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
    const wish: Wish = { relay, self, lastConfirmed, signal };
    const work = async () => {
      await settled(signal);
      return { info: await perform[relay.presence](wish) };
    };
    // A relay is taken away from zooid whatever it did to it.
    const isAlone = suspects.has(relay.id) && relay.presence !== "absent";
    try {
      const done = await (isAlone ? writers.alone(work) : writers.together(work));
      suspects.delete(relay.id);
      return done;
    } catch (error) {
      // Whether it is zooid as a whole that does not answer is worth knowing at once.
      if (error instanceof NoAnswer) await hosts.isUp(signal);
      throw error;
    }
  }

  /** A zooid that just came back may be dying of what it loads: what is written then would get the blame. */
  async function settled(signal: AbortSignal): Promise<void> {
    while (pulse.upForMs < settleMs) {
      if (!(await hosts.isUp(signal))) throw new NoAnswer("refused");
      await pause(Math.min(settleMs, 250), signal);
    }
  }

  const perform = {
    async absent({ relay, self, lastConfirmed, signal }: Wish) {
      const last = glance(relay.host, signal);
      // What its owner wrote to it goes with it; a host that is slow to say so does not hold it up.
      await Promise.race([last, pause(GLANCE_MS, signal)]);
      await api.remove(relay.id, signal);
      await confirm({ relay, isAsWanted: isGone(self), before: null }, signal);
      const shown = await last;
      return isFrom(self, shown) ? adopt(relay, self, lastConfirmed, shown) : null;
    },

    async inactive({ relay, self, lastConfirmed, signal }: Wish) {
      const last = glance(relay.host, signal);
      const off = { relay, isAsWanted: isGone(self), before: null };
      const kept = await switchTo(relay, signal);
      const isOff = kept === "done" || (kept === "unanswered" && (await appears(off, signal)));
      if (kept === "done") await confirm(off, signal);
      const info = adopt(relay, self, lastConfirmed, await last);
      // With our own words still to be told, or none known to be there, all of it is.
      const isTold = isOff && lastConfirmed !== null && isSameWords(relay, lastConfirmed);
      if (!isTold) await put({ ...off, relay: { ...relay, ...info } }, signal);
      return info;
    },

    async live({ relay, self, lastConfirmed, signal }: Wish) {
      let before: Shown | null = lastConfirmed && (await hosts.look(relay.host, signal));
      let info = adopt(relay, self, lastConfirmed, before);
      const isWanted = (shown: Shown) =>
        isFrom(self, shown) && shown.owner === relay.owner && isSameWords(shown.info, info);
      if (before === "nothing") {
        // The owner's edit just now makes zooid reload, and for some milliseconds it serves nothing.
        await pause(POLL_MS.longest, signal);
        before = await hosts.look(relay.host, signal);
        // It was switched off: on first, for what its owner wrote before that can be read then.
        if (before === "nothing" && (await switchTo(relay, signal)) === "done") {
          const on = { relay, isAsWanted: (shown: Shown) => isFrom(self, shown), before };
          await confirm(on, signal);
          before = await hosts.look(relay.host, signal);
        }
        info = adopt(relay, self, lastConfirmed, before);
      }
      await put({ relay: { ...relay, ...info }, isAsWanted: isWanted, before }, signal);
      return info;
    },
  };

  /** What a host shows on the way; whatever is written does not wait for it. */
  const glance = (host: string, signal: AbortSignal): Promise<Shown> =>
    hosts.look(host, signal).catch(() => "nothing" as const);

  return { ...hosts, apply, probeApi: (signal) => api.probe(signal) };
}

type Wish = {
  relay: VirtualRelay;
  self: string;
  lastConfirmed: RelayInfo | null;
  signal: AbortSignal;
};

/** Served for somebody else, who has the host now, is gone as well. */
const isGone =
  (self: string) =>
  (shown: Shown): boolean =>
    shown === "nothing" || (shown !== "odd" && shown.self !== self);

const isFrom = (self: string, shown: Shown): shown is Nip11 =>
  typeof shown === "object" && shown.self === self;

/** Our own words, but the owner's where those changed since and ours did not. */
function adopt(
  relay: VirtualRelay,
  self: string,
  lastConfirmed: RelayInfo | null,
  shown: Shown | null,
): RelayInfo {
  const theirs = shown !== null && isFrom(self, shown) ? shown.info : null;
  const word = (field: keyof RelayInfo): string =>
    theirs && relay[field] === lastConfirmed?.[field]
      ? fitText(field, theirs[field])
      : relay[field];
  return { name: word("name"), description: word("description"), icon: word("icon") };
}
