/** A browser extension that holds the key. @see NIP-07 */
import { setAsked } from "./asked.ts";
import { type EventTemplate, type SignedEvent, type Signer, SignerProblem } from "./signer.ts";

type Extension = {
  getPublicKey(): Promise<string>;
  signEvent(template: EventTemplate & { pubkey: string }): Promise<SignedEvent>;
};
declare global {
  interface Window {
    nostr?: Extension;
  }
}

/** Some put themselves into the page seconds after it has loaded. */
const LOAD_MS = 5_000;
const LOOK_MS = 50;
/** As long as we wait for a signer elsewhere; a request signed later would be too old. */
const PATIENCE_MS = 60_000;

const SILENT = "Your extension does not answer. Open it, see whether it is locked, and try again.";

/** Extensions put themselves into the page when they like, some after it has loaded. */
export async function findExtension(waitMs = LOAD_MS): Promise<Extension | null> {
  for (const deadline = performance.now() + waitMs; ; ) {
    if (window.nostr) return window.nostr;
    if (performance.now() > deadline) return null;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/**
 * @param expected - the pubkey that it should sign as; null takes what it gives
 * @throws SignerProblem `absent`, `refused`
 */
export async function openExtension(expected: string | null): Promise<Signer> {
  const extension = await findExtension();
  if (!extension)
    throw new SignerProblem(
      "absent",
      "No signing extension answers in this browser. Switch it on and try again.",
    );
  const pubkey: string = expected ?? (await answered(extension.getPublicKey()));
  return {
    method: "extension",
    pubkey,
    async sign(template) {
      setAsked({ by: "extension", url: null });
      // NIP-07 leaves the pubkey to the extension; some refuse, or never answer, a template without one.
      const event = await answered(extension.signEvent({ ...template, pubkey })).finally(() =>
        setAsked(null),
      );
      if (event.pubkey !== pubkey)
        throw new SignerProblem(
          "other_key",
          "Your extension now signs with another key. Log out and in again to change.",
        );
      return event;
    },
    close() {},
  };
}

/** Some never answer when their window is closed, and what is asked after it would wait for ever. */
async function answered<T>(answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SignerProblem("silent", SILENT)), PATIENCE_MS);
  });
  try {
    return await Promise.race([answer, silence]);
  } catch (error) {
    throw refused(error);
  } finally {
    clearTimeout(timer);
  }
}

const refused = (error: unknown): SignerProblem =>
  error instanceof SignerProblem
    ? error
    : new SignerProblem(
        "refused",
        "Your extension did not sign. Approve the request there, then try again.",
      );
