import { getPublicKey } from "nostr-tools/pure";
import { signHttpAuth } from "../nostr/keys.ts";

/** An answer of the API: `body` is the parsed JSON, null where there is none. */
export type Answer<T = Record<string, unknown>> = { status: number; body: T; headers: Headers };

/** A client that signs each request (NIP-98), as a tenant's browser does. */
export type Api = ReturnType<typeof apiClient>;

/** @param secretKey - signs; null sends requests without authentication. */
export function apiClient(url: string, secretKey: Uint8Array | null) {
  async function call<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const signed = secretKey && {
      authorization: signHttpAuth(secretKey, {
        url: `${url}${path}`,
        method,
        ...(text === undefined ? {} : { body: new TextEncoder().encode(text) }),
      }),
    };
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...(text ? { "content-type": "application/json" } : {}), ...signed, ...headers },
      ...(text === undefined ? {} : { body: text }),
    });
    const answer = await response.text();
    return {
      status: response.status,
      body: (answer === "" ? null : JSON.parse(answer)) as T,
      headers: response.headers,
    };
  }
  return {
    url,
    pubkey: secretKey ? getPublicKey(secretKey) : "",
    get: <T = Record<string, unknown>>(path: string, headers?: Record<string, string>) =>
      call<T>("GET", path, undefined, headers),
    post: <T = Record<string, unknown>>(
      path: string,
      body?: unknown,
      headers?: Record<string, string>,
    ) => call<T>("POST", path, body, headers),
    put: <T = Record<string, unknown>>(path: string, body: unknown) => call<T>("PUT", path, body),
    delete: <T = Record<string, unknown>>(path: string) => call<T>("DELETE", path),
  };
}
