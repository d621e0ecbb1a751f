import { Refused } from "../../errors.ts";
import { publicKeyOf } from "../../nostr/event.ts";
import { parsePublicKey, signHttpAuth } from "../../nostr/keys.ts";
import { type Exchange, NoAnswer, parseObject } from "../http.ts";
import type { RelayHosts } from "../nip11.ts";

/** A relay, as it is spoken to in its own name. */
export type OwnRelay = {
  id: string;
  /** `<subdomain>.RELAY_DOMAIN`, with the port where RELAY_DOMAIN has one. */
  host: string;
  /** The relay's own secret key, 32 bytes. */
  secretKey: Uint8Array;
  /** The tenant's pubkey. */
  owner: string;
};

/** What NIP-86 offers of people. `listbannedevents` is none of them: zooid's connection dies of it. */
export type Method =
  | "listallowedpubkeys"
  | "listbannedpubkeys"
  | "allowpubkey"
  | "unallowpubkey"
  | "banpubkey"
  | "unbanpubkey";

/**
 * One relay does not do what it is asked, for now: it is not served, or what it answers makes no sense.
 * Worth asking again; says nothing about any other relay.
 */
export class RelayTrouble extends Error {
  override readonly name = "RelayTrouble";
  constructor(
    readonly code: "relay_not_served" | "relay_answers_oddly" | "relay_lets_us_not_in",
    options?: ErrorOptions & { said?: string },
  ) {
    super(code, options);
    this.said = options?.said ?? null;
  }
  /** For the operator alone: what the relay said. */
  readonly said: string | null;
}

/** One call by NIP-86, signed by the relay's own key. zooid answers 200 whatever it says. */
export type Call = (
  relay: OwnRelay,
  method: Method,
  params: readonly string[],
  signal: AbortSignal,
) => Promise<unknown>;

const PUBKEY = /^[0-9a-f]{64}$/;
/** What zooid keeps of a reason, it keeps in an event that it reads at every join. */
const MAX_REASON_LENGTH = 300;

/** @param relayUrl where the relays are reached, each with its own `Host`; with a slash at its end */
export function createCalls(relayUrl: string, exchange: Exchange, hosts: RelayHosts): Call {
  return async function call(relay, method, params, signal) {
    assertHarmless(relay, method, params);
    const body = JSON.stringify({ method, params });
    const authorization = signHttpAuth(relay.secretKey, {
      url: baseUrlOf(relay.host),
      method: "POST",
      body,
    });
    const headers = {
      host: relay.host,
      // zooid takes it to the letter, without a charset.
      "content-type": "application/nostr+json+rpc",
      authorization,
    };
    const sent = { method: "POST", headers, body };
    const { status, text } = await exchange(relayUrl, sent, signal).catch(async (error) => {
      // A silent host is its own trouble unless all of them are silent.
      const isAlone = error instanceof NoAnswer && !signal.aborted && (await hosts.isUp(signal));
      throw isAlone ? new RelayTrouble("relay_answers_oddly", { cause: error }) : error;
    });
    if (status === 404) throw new RelayTrouble("relay_not_served");
    if (status === 502 || status === 503 || status === 504) throw new NoAnswer("refused");
    const answer = status === 200 ? parseObject(text) : null;
    if (typeof answer?.error === "string") {
      throw new RelayTrouble("relay_lets_us_not_in", { said: answer.error.slice(0, 300) });
    }
    if (answer === null || !("result" in answer)) throw new RelayTrouble("relay_answers_oddly");
    return answer.result;
  };
}

/**
 * Refuses whatever zooid, or a community, could come to harm by. A ban of the relay's own key deletes its
 * list of members and every room; one of the owner locks out who pays for it.
 *
 * @throws {Refused} `unsafe_pubkey`, `unsafe_reason`, `unsafe_subject`: nothing was sent
 */
function assertHarmless(
  { secretKey, owner }: Pick<OwnRelay, "secretKey" | "owner">,
  method: Method,
  params: readonly string[],
): void {
  const [pubkey, reason = ""] = params;
  if (method.startsWith("list")) {
    if (params.length > 0) throw new Refused("unsafe_pubkey", `${method} takes nothing`);
    return;
  }
  if (!isPublicKey(pubkey)) {
    throw new Refused("unsafe_pubkey", "what is no public key is not sent to zooid");
  }
  const isText = typeof reason === "string" && reason.isWellFormed() && !/\p{Cc}/u.test(reason);
  if (!isText || reason.length > MAX_REASON_LENGTH || params.length > 2) {
    throw new Refused("unsafe_reason", "the reason is not safe to send to zooid");
  }
  const takesAway = method === "unallowpubkey" || method === "banpubkey";
  if (takesAway && (pubkey === owner || pubkey === publicKeyOf(secretKey))) {
    throw new Refused("unsafe_subject", "neither the owner nor the relay itself can be taken away");
  }
}

/** In lower-case hex, and on the curve: zooid would take other text for some other key on some CPUs. */
export function isPublicKey(text: unknown): text is string {
  if (typeof text !== "string" || !PUBKEY.test(text)) return false;
  try {
    return parsePublicKey(text) === text;
  } catch {
    return false;
  }
}

/**
 * The relay's own base URL, as zooid guesses it for NIP-86 and NIP-42: `http` for names with a port, bare
 * addresses and localhost, `https` for the rest.
 */
export function baseUrlOf(host: string): string {
  const isLocal = host === "localhost" || host.includes(":") || /^[0-9.]+$/.test(host);
  return `${isLocal ? "http" : "https"}://${host}`;
}
