import { Refused, Unavailable } from "../errors.ts";
import { signHttpAuth } from "../nostr/keys.ts";
import { configDocument } from "./config-document.ts";
import { type Answer, type Exchange, parseObject } from "./http.ts";
import type { VirtualRelay } from "./virtual-relay.ts";

/**
 * zooid's management API, told what the outcome is to be. That a call succeeded means that a file was
 * written, not that a relay is served.
 *
 * Both methods throw {@link Unavailable} (`zooid_down`, `zooid_unauthorized`).
 */
export interface ManagementApi {
  /**
   * Creates the relay or replaces its whole config.
   *
   * @throws {Refused} `zooid_refused_config`
   * @throws {ZooidConflict} another relay in zooid holds the schema or the host
   */
  write(relay: VirtualRelay, signal: AbortSignal): Promise<void>;
  /** Deletes the relay, if it is there; its events and members stay in zooid. */
  remove(id: string, signal: AbortSignal): Promise<void>;
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
): ManagementApi {
  async function call(
    method: "POST" | "PUT" | "DELETE",
    id: string,
    signal: AbortSignal,
    body?: string,
  ): Promise<Outcome> {
    const url = `${apiUrl}/relay/${id}`;
    const sent = body === undefined ? { url, method } : { url, method, body };
    const headers = { authorization: signHttpAuth(secretKey, sent) };
    return outcomeOf(await exchange(url, { ...sent, headers }, signal));
  }

  return {
    /**
     * zooid can neither upsert nor say what it holds. In the worst case a PUT finds nothing, the POST's
     * answer is lost, and the PUT that follows finds that the POST never arrived.
     */
    async write(relay, signal) {
      const document = JSON.stringify(configDocument(relay));
      for (let round = 0; round < 3; round++) {
        if ((await call("PUT", relay.id, signal, document)) === "done") return;
        const created = await call("POST", relay.id, signal, document).catch((error: unknown) => {
          if (error instanceof Unavailable && error.code === "zooid_down") return "unknown";
          throw error;
        });
        if (created === "done") return;
      }
      throw new Unavailable("zooid_down", "zooid neither updates nor creates the relay");
    },

    async remove(id, signal) {
      await call("DELETE", id, signal);
    },
  };
}

type Outcome = "done" | "missing" | "exists";

/**
 * zooid's answer by status and, where one status means several things, by its exact text. That text
 * goes no further: a 400 can quote the relay's secret.
 */
function outcomeOf({ status, text }: Answer): Outcome {
  if (status === 200 || status === 201) return "done";
  if (status === 400) {
    throw new Refused("zooid_refused_config", "zooid refuses the relay's config");
  }
  if (status === 401 || status === 403) {
    throw new Unavailable("zooid_unauthorized", `zooid's API does not let us in (${status})`);
  }
  const { error } = parseObject(text);
  if ((status === 404 || status === 409) && typeof error === "string") {
    // A 404 of any other text is not about the relay: the API is off, or something else answers.
    if (error === "relay not found") return "missing";
    if (error === "relay with this id already exists") return "exists";
    if (/^schema .* is already in use$/.test(error))
      throw new ZooidConflict("zooid_schema_conflict");
    if (/^host .* is already in use$/.test(error)) throw new ZooidConflict("zooid_host_conflict");
  }
  throw new Unavailable("zooid_down", `zooid answered ${status}`);
}
