/** Signs a request. @see NIP-98 */
import { sign } from "../signers/session.ts";

const HTTP_AUTH = 27_235;
/** The server takes what is 60 s old at most, and the way to it takes time. */
const AGE_MAX_SECONDS = 50;

const seconds = (): number => Math.floor(Date.now() / 1000);

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
    // Of two that are alike and of one second the server would take the other for a replay.
    ["nonce", crypto.randomUUID()],
  ];
  const ask = () => sign(() => ({ kind: HTTP_AUTH, created_at: seconds(), tags, content: "" }));
  let event = await ask();
  // It was approved so late that the server would refuse it. Who has just approved one is still there.
  if (seconds() - event.created_at > AGE_MAX_SECONDS) event = await ask();
  return `Nostr ${base64(JSON.stringify(event))}`;
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const base64 = (text: string): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(text)));
