/** Signs a request. @see NIP-98 */
import { sign } from "./session.ts";

const HTTP_AUTH = 27_235;

/**
 * The Authorization header of one request.
 * @param url - exact, with its query. @param body - as it is sent; null for none
 * @throws SignerProblem
 */
export async function authorization(
  url: string,
  method: string,
  body: string | null,
): Promise<string> {
  const tags = [
    ["u", url],
    ["method", method],
    ...(body === null ? [] : [["payload", await sha256(body)]]),
  ];
  const event = await sign({
    kind: HTTP_AUTH,
    created_at: Math.floor(Date.now() / 1000),
    tags,
    content: "",
  });
  return `Nostr ${base64(JSON.stringify(event))}`;
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const base64 = (text: string): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(text)));
