/** The way to a remote signer, and questions that are asked again when it was lost, but not for ever. */
import type { BunkerSigner } from "nostr-tools/nip46";
import { SignerProblem } from "./signer.ts";
import { SteadyPool } from "./steady-pool.ts";

/** What is told of the way to a signer, and of what it wants. */
export type Hooks = {
  /** Whether any relay connects us. */
  onLink(isLinked: boolean): void;
  /** It wants the person to approve at this address, https alone. */
  onChallenge(url: string): void;
};

/** Before the server finds the signed request too old. */
const PATIENCE_MS = 50_000;
/** Somebody who approves on a page of the signer's may have to log in there. */
const CHALLENGE_PATIENCE_MS = 300_000;
const AGAIN_MS = 1_500;
/** Each time a signer hears it, it may ask the person. */
const HEARD_MAX = 4;

const silent = () =>
  new SignerProblem("silent", "Your signer does not answer. Open it and approve the request.");

export class Way {
  readonly pool: SteadyPool;
  /** For a BunkerSigner. */
  readonly params: { pool: SteadyPool; onauth: (url: string) => void; skipSwitchRelays: true };
  readonly #watchers = new Set<Hooks>();

  constructor(clientKey: Uint8Array) {
    this.pool = new SteadyPool(clientKey);
    this.pool.onLink = (isLinked) => {
      for (const watcher of [...this.#watchers]) watcher.onLink(isLinked);
    };
    this.params = {
      pool: this.pool,
      skipSwitchRelays: true,
      // It must not lead anywhere but to a page.
      onauth: (url) => {
        if (!/^https:\/\//i.test(url)) return;
        for (const watcher of [...this.#watchers]) watcher.onChallenge(url);
      },
    };
  }

  /** @returns stops it */
  watch(hooks: Hooks): () => void {
    this.#watchers.add(hooks);
    return () => void this.#watchers.delete(hooks);
  }

  /**
   * Asks a signer something.
   *
   * @param signal - gives it up; without one it is given up when a signed request would be too old
   * @throws SignerProblem `refused`, `silent`; the signal's reason
   */
  ask(
    bunker: BunkerSigner,
    method: string,
    params: string[],
    signal: AbortSignal | null,
  ): Promise<string> {
    return new Promise((resolve, reject) => {
      let heard = 0;
      let isLost = false;
      let deadline: ReturnType<typeof setTimeout> | undefined;
      let again: ReturnType<typeof setTimeout> | undefined;

      const unwatch = this.watch({
        // What was answered while nobody listened is lost.
        onLink(isLinked) {
          if (isLinked && isLost) send();
          isLost = !isLinked;
        },
        onChallenge: () => giveUpAfter(CHALLENGE_PATIENCE_MS),
      });
      const end = (): void => {
        clearTimeout(deadline);
        clearTimeout(again);
        unwatch();
        signal?.removeEventListener("abort", abort);
      };
      const fail = (error: unknown): void => {
        end();
        reject(error);
      };
      const abort = (): void => fail(signal?.reason);
      const giveUpAfter = (ms: number): void => {
        clearTimeout(deadline);
        if (!signal) deadline = setTimeout(() => fail(silent()), ms);
      };
      const send = (): void => {
        clearTimeout(again);
        if (heard++ >= HEARD_MAX) return;
        bunker.sendRequest(method, params).then(
          (answer) => {
            end();
            resolve(answer);
          },
          (error: unknown) => {
            // What the signer says comes as text. Anything else is of the relays.
            if (typeof error === "string") fail(refused(error));
            else if (!wasPerhapsSent(error)) {
              heard--;
              again = setTimeout(send, AGAIN_MS);
            }
          },
        );
      };

      signal?.addEventListener("abort", abort);
      if (signal?.aborted) return abort();
      giveUpAfter(PATIENCE_MS);
      send();
    });
  }

  close(bunker: BunkerSigner): void {
    void bunker.close();
    this.pool.destroy();
  }
}

/** A relay that says nothing of an event may have passed it on. */
const wasPerhapsSent = (error: unknown): boolean =>
  error instanceof AggregateError && error.errors.some((one) => /timed out/.test(String(one)));

function refused(words: string): SignerProblem {
  const said = words.trim().slice(0, 120);
  return new SignerProblem(
    "refused",
    said === ""
      ? "Your signer refused. Nothing was changed."
      : `Your signer refused and says: “${said}”. Nothing was changed.`,
  );
}
