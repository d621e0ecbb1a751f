import { Refused, Unavailable } from "../errors.ts";
import { signHttpAuth } from "../nostr/keys.ts";
import { configDocument } from "./config-document.ts";
import { type Answer, type Exchange, parseObject } from "./http.ts";
import type { ApiState, Pulse } from "./pulse.ts";
import type { VirtualRelay } from "./virtual-relay.ts";

/**
 * zooid's management API. That a call succeeded means that a file was written, not that a relay is
 * served.
 *
 * All but `probe` throw {@link NoAnswer}, {@link Unavailable} (`zooid_unauthorized`, `zooid_forbidden`,
 * `zooid_api_off`, `zooid_down`), and where they write a config {@link Refused} (`zooid_refused_config`)
 * and {@link ZooidConflict}.
 */
export interface ManagementApi {
  /** Creates the relay with its whole config. */
  create(relay: VirtualRelay, signal: AbortSignal): Promise<"done" | "exists">;
  /** Replaces its whole config. */
  replace(relay: VirtualRelay, signal: AbortSignal): Promise<"done" | "missing">;
  /** Changes what is named, and nothing that anybody may have changed otherwise (RFC 7396). */
  patch(id: string, part: object, signal: AbortSignal): Promise<"done" | "missing">;
  /** Deletes the relay, if it is there; its events and members stay in zooid. */
  remove(id: string, signal: AbortSignal): Promise<void>;
  /** Whether it would let us in, told to the pulse too. Changes nothing. */
  probe(signal: AbortSignal): Promise<ApiState>;
}

/** Another relay in zooid holds the schema or the host. Worth retrying: it can be one of ours on its way out. */
export class ZooidConflict extends Error {
  override readonly name = "ZooidConflict";
  constructor(readonly code: "zooid_schema_conflict" | "zooid_host_conflict") {
    super(code);
  }
}

/** @param apiUrl without a trailing slash, and to the letter what zooid takes for its own (NIP-98 `u`) */
export function createManagementApi(
  apiUrl: string,
  secretKey: Uint8Array,
  exchange: Exchange,
  pulse: Pulse,
): ManagementApi {
  async function ask(
    method: string,
    id: string,
    signal: AbortSignal,
    document?: object,
  ): Promise<Answer> {
    const url = `${apiUrl}/relay/${id}`;
    const body = document && JSON.stringify(document);
    const sent = body === undefined ? { url, method } : { url, method, body };
    const headers = { authorization: signHttpAuth(secretKey, sent) };
    const answer = await exchange(url, { ...sent, headers }, signal);
    const state = stateOf(answer);
    if (state !== null) pulse.apiIs(state);
    return answer;
  }

  async function write(
    method: "POST" | "PUT" | "PATCH",
    id: string,
    document: object,
    signal: AbortSignal,
  ): Promise<Outcome> {
    return outcomeOf(await ask(method, id, signal, document));
  }

  return {
    async create(relay, signal) {
      const outcome = await write("POST", relay.id, configDocument(relay), signal);
      return outcome === "missing" ? surprise("POST") : outcome;
    },
    async replace(relay, signal) {
      const outcome = await write("PUT", relay.id, configDocument(relay), signal);
      return outcome === "exists" ? surprise("PUT") : outcome;
    },
    async patch(id, part, signal) {
      const outcome = await write("PATCH", id, part, signal);
      return outcome === "exists" ? surprise("PATCH") : outcome;
    },
    async remove(id, signal) {
      outcomeOf(await ask("DELETE", id, signal));
    },
    async probe(signal) {
      const answer = await ask("GET", PROBED, signal).catch(() => null);
      const state = answer === null ? "zooid_down" : (stateOf(answer) ?? "zooid_down");
      if (!signal.aborted) pulse.apiIs(state);
      return state;
    },
  };
}

/** No relay has this id: ours begin with r. */
const PROBED = "_probe";

type Outcome = "done" | "missing" | "exists";

/** What an answer says of the API itself; null where it says nothing of it. */
function stateOf({ status, text }: Answer): ApiState | null {
  if (status === 401) return "zooid_unauthorized";
  if (status === 403) return "zooid_forbidden";
  const isItsOwn = typeof parseObject(text)?.error === "string";
  // A 404 that is not the API's own comes from where relays are served, or from something else.
  if (status === 404 && !isItsOwn) return "zooid_api_off";
  if (status === 200 || status === 201 || status === 405) return "ok";
  return status < 500 && isItsOwn ? "ok" : null;
}

/**
 * zooid's answer by status and, where one status means several things, by its exact text. That text
 * goes no further: a 400 can quote the relay's secret.
 */
function outcomeOf(answer: Answer): Outcome {
  const { status, text } = answer;
  if (status === 200 || status === 201) return "done";
  if (status === 400) {
    throw new Refused("zooid_refused_config", "zooid refuses the relay's config");
  }
  const state = stateOf(answer);
  if (state !== null && state !== "ok") {
    throw new Unavailable(state, `zooid's API does not let us in (${status})`);
  }
  const error = parseObject(text)?.error;
  if ((status === 404 || status === 409) && typeof error === "string") {
    // A 404 of any other text is not about the relay: something else answers.
    if (error === "relay not found") return "missing";
    if (error === "relay with this id already exists") return "exists";
    if (/^schema .* is already in use$/.test(error))
      throw new ZooidConflict("zooid_schema_conflict");
    if (/^host .* is already in use$/.test(error)) throw new ZooidConflict("zooid_host_conflict");
  }
  throw new Unavailable("zooid_down", `zooid answered ${status}`);
}

function surprise(method: string): never {
  throw new Unavailable("zooid_down", `zooid gave an answer to ${method} that belongs to another`);
}
