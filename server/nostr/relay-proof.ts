import { setTimeout as sleep } from "node:timers/promises";
import type { Event } from "nostr-tools/core";
import { makeAuthEvent } from "nostr-tools/nip42";
import { signEvent } from "./event.ts";

/** `accepted`, or why not. */
export type Proof = { accepted: boolean; reason: string };

/** For a whole connection: each spelling, and then some for new challenges. */
const maxProofs = 12;

/** Proving to one relay who asks (NIP-42). */
export class RelayProof {
  readonly #challenged = Promise.withResolvers<void>();
  #challenge = "";
  #given = 0;
  /** Spellings of the relay's address that were not yet tried. */
  #spellings: string[] = [];
  #proof: Promise<Proof> | null = null;
  /** How often the relay challenged us anew. */
  challenges = 0;

  /** @param o.patienceMs real time after which a relay that gives no OK is taken to have accepted it */
  constructor(
    readonly o: {
      url: string;
      secretKey: Uint8Array;
      patienceMs: number;
      offer: (proof: Event) => Promise<Proof>;
    },
  ) {
    this.#challenged.promise.catch(() => {}); // few wait for it
  }

  /** Another challenge ends the proof that was given for the one before. */
  challengedWith(challenge: string): void {
    if (this.#challenge !== challenge) {
      if (this.#challenge !== "") this.#proof = null;
      this.#spellings = spellingsOf(this.o.url);
      this.challenges++;
    }
    this.#challenge = challenge;
    this.#challenged.resolve();
  }

  /**
   * The proof that is under way or given, or another one where `failed` did not help; waits for a
   * challenge. Shared by all that wait for it, hence under nobody's signal: it ends with the connection.
   */
  prove(failed: Promise<Proof> | null): Promise<Proof> {
    if (this.#proof === null || this.#proof === failed) {
      this.#proof = this.#give();
      this.#proof.catch(() => {}); // whoever waited may have given up
    }
    return this.#proof;
  }

  end(why: Error): void {
    this.#challenged.reject(why);
  }

  /** Relays compare their address as text: as it was listed, then with and without a slash at its end. */
  async #give(): Promise<Proof> {
    const { secretKey, offer, patienceMs } = this.o;
    await this.#challenged.promise;
    let refusal: Proof = { accepted: false, reason: "auth-required: no proof is left" };
    for (;;) {
      const url = this.#spellings.shift();
      if (url === undefined || ++this.#given > maxProofs) return refusal;
      const proof = signEvent(makeAuthEvent(url, this.#challenge), secretKey);
      const patience = sleep(patienceMs, null, { ref: false });
      const answer = await Promise.race([offer(proof), patience]);
      // Some give no OK to a proof: what was refused without one says whether it helped.
      if (answer === null) return { accepted: true, reason: "" };
      if (answer.accepted) return answer;
      refusal = answer;
    }
  }
}

/** As listed first; each once. */
function spellingsOf(url: string): string[] {
  const bare = url.replace(/\/$/, "");
  return [...new Set([url, `${bare}/`, bare])];
}
