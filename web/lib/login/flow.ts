/** The login machine with what it does: signers of this browser. Secrets stay in here. */
import { fromActorRef } from "@xstate/solid";
import { createSignal, onCleanup } from "solid-js";
import { createActor, fromCallback, fromPromise } from "xstate";
import { type LoginEvent, loginMachine, type NewProfile } from "../../../machines/login.ts";
import { wordsOf } from "../api/api.ts";
import { publishProfile } from "../people/profile.ts";
import { enterWith } from "../signers/enter.ts";
import { openExtension } from "../signers/extension.ts";
import type { Offer } from "../signers/remote.ts";
import type { Hooks } from "../signers/remote-way.ts";
import type { Opened } from "../signers/signer.ts";

type Send = (event: LoginEvent) => void;

/** How many characters of a new key's end one types to show that one has it. */
const ENDING_LENGTH = 6;

/** Somebody's login, as long as its component stands. */
export function createLoginFlow() {
  let opened: Opened | null = null;
  let made: { secretKey: Uint8Array; nsec: string } | null = null;
  const [offer, setOffer] = createSignal<Offer | null>(null);

  /** Of two that were opened, the former is closed. */
  const take = (next: Opened): void => {
    opened?.signer.close();
    opened = next;
  };

  const actor = createActor(
    loginMachine.provide({
      actors: {
        askExtension: fromPromise(async ({ signal }) => {
          const signer = await inWords(openExtension(null));
          if (!signal.aborted) take({ signer, secret: null });
        }),
        joinBunker: fromCallback<LoginEvent, { address: string }>(({ sendBack, input }) =>
          conversation(sendBack, take, async (hooks, signal) => {
            const { joinBunker } = await import("../signers/remote.ts");
            return joinBunker(input.address, hooks, signal);
          }),
        ),
        awaitSigner: fromCallback<LoginEvent>(({ sendBack }) =>
          conversation(sendBack, take, async (hooks, signal) => {
            const { awaitSigner, makeOffer } = await import("../signers/remote.ts");
            const offered = offer() ?? makeOffer();
            // It is good for one login: who comes back gets another.
            setOffer(null);
            if (signal.aborted) throw signal.reason;
            sendBack({ type: "signer.offered", uri: offered.uri });
            const onMet = (): void => sendBack({ type: "signer.met" });
            return awaitSigner(offered, { ...hooks, onMet }, signal);
          }),
        ),
        openKey: fromPromise<void, { text: string; password: string }>(
          async ({ input, signal }) => {
            const { openKey, parseSecretKey } = await import("../signers/key.ts");
            const { isLocked, unlockKey } = await import("../signers/locked-key.ts");
            const read = async () =>
              openKey(
                isLocked(input.text)
                  ? await unlockKey(input.text, input.password)
                  : parseSecretKey(input.text),
              );
            const next = await inWords(read());
            if (!signal.aborted) take(next);
          },
        ),
        makeKey: fromPromise(async () => {
          const { makeSecretKey, openKey } = await import("../signers/key.ts");
          made ??= makeSecretKey();
          take(openKey(made.secretKey));
          return { ending: made.nsec.slice(-ENDING_LENGTH) };
        }),
        enter: fromPromise<void, { keep: boolean }>(async ({ input }) => {
          if (!opened) throw new Error("no signer was opened");
          const entering = opened;
          // From here on it is the session's, and not closed with this page.
          opened = null;
          await inWords(enterWith(entering, input.keep));
        }),
        publishProfile: fromPromise<void, { profile: NewProfile }>(({ input }) =>
          inWords(publishProfile(input.profile)),
        ),
      },
    }),
  ).start();
  onCleanup(() => {
    actor.stop();
    opened?.signer.close();
    made?.secretKey.fill(0);
  });

  return {
    state: fromActorRef(actor),
    /** Makes the next offer ahead of time, so that a link can lead to a signer app at once. */
    async prepareOffer(): Promise<void> {
      const { makeOffer } = await import("../signers/remote.ts");
      try {
        if (!offer()) setOffer(makeOffer());
      } catch {
        // Said when it is asked for.
      }
    },
    /** The `nostrconnect://` URI of an offer that was prepared and not used. */
    offered: () => offer()?.uri ?? null,
    send: actor.send as Send,
    /** The new key, to be saved; only once it was made. */
    nsec: () => made?.nsec ?? "",
  };
}
export type LoginFlow = ReturnType<typeof createLoginFlow>;

/** What the machine shows of an error are its words. */
const inWords = <T>(work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => {
    throw new Error(wordsOf(error));
  });

/** Speaks with a signer elsewhere until it is opened, or given up. @returns gives it up */
function conversation(
  sendBack: Send,
  take: (opened: Opened) => void,
  speak: (hooks: Hooks, signal: AbortSignal) => Promise<Opened>,
): () => void {
  const ends = new AbortController();
  const tell: Send = (event) => {
    if (!ends.signal.aborted) sendBack(event);
  };
  const hooks: Hooks = {
    onLink: (isLinked) => tell({ type: isLinked ? "signer.linked" : "signer.lost" }),
    onChallenge: (url) => tell({ type: "signer.challenged", url }),
  };
  speak(hooks, ends.signal).then(
    (opened) => {
      if (ends.signal.aborted) return opened.signer.close();
      take(opened);
      sendBack({ type: "signer.opened" });
    },
    (error: unknown) => tell({ type: "signer.refused", words: wordsOf(error) }),
  );
  return () => ends.abort();
}
