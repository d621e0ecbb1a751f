import { getToken } from "nostr-tools/nip98";
import { type EventTemplate, finalizeEvent } from "nostr-tools/pure";

/** Sends a signed request to a running Berth, as any client would. @returns what it answered */
export async function signed<T>(
  base: string,
  secretKey: Uint8Array,
  method: string,
  path: string,
  body?: Record<string, unknown>,
): Promise<T> {
  const url = base + path;
  const sign = (event: EventTemplate) => finalizeEvent(event, secretKey);
  const authorization = await getToken(url, method, sign, true, body);
  const response = await fetch(url, {
    method,
    headers: { authorization, ...(body ? { "content-type": "application/json" } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!response.ok)
    throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
