/**
 * Logging in, in one browser: nothing of it is persisted, and the server knows nothing of it. Secrets
 * never enter its context: the actors, which the page provides, keep them.
 */
import { assign, fromCallback, fromPromise, setup } from "xstate";

export type Way = "extension" | "connect" | "bunker" | "key" | "create";
export type NewProfile = { name: string; picture: string; about: string };

/** What a conversation with a signer on another device tells. `words` are for the person. */
export type SignerNews =
  | { type: "signer.offered"; uri: string }
  | { type: "signer.linked" }
  | { type: "signer.lost" }
  | { type: "signer.met" }
  | { type: "signer.challenged"; url: string }
  | { type: "signer.opened" }
  | { type: "signer.refused"; words: string };

export type LoginEvent =
  | SignerNews
  | { type: "choose"; way: Way }
  /** A step back; what is waited for is given up. */
  | { type: "back" }
  | { type: "retry" }
  | { type: "join"; address: string }
  /** `password`: of a key that is locked by one (NIP-49). */
  | { type: "open"; text: string; password?: string; keep: boolean }
  | { type: "name"; profile: NewProfile }
  | { type: "saved" }
  | { type: "next" }
  | { type: "confirm"; typed: string; keep: boolean };

export type LoginContext = {
  /** What went wrong last, and how to go on. */
  problem: string | null;
  /** Whether a relay connects us and the signer; null until it was tried. */
  isLinked: boolean | null;
  /** `nostrconnect://`, for a signer to scan or open. */
  uri: string | null;
  /** Where the signer wants the person to approve us. */
  challenge: string | null;
  profile: NewProfile;
  /** Of the new key: what must be typed to show that it was written down. */
  ending: string;
  isSaved: boolean;
  isNew: boolean;
  /** Whether the login outlasts this tab. */
  keep: boolean;
};

export const EXTENSION_PATIENCE_MS = 60_000;
export const SIGNER_PATIENCE_MS = 60_000;
export const SCAN_PATIENCE_MS = 300_000;
export const CHALLENGE_PATIENCE_MS = 300_000;
export const PUBLISH_PATIENCE_MS = 20_000;

const SILENT = "Your signer does not answer. Open it and approve the request.";
const NOT_SAVED =
  "Copy the key, download it, or show it and write it down. Nobody can give it to you again.";
const WRONG_ENDING = "That is not how your key ends. Look it up where you saved it.";
const NOT_PUBLISHED =
  "You are logged in. Your profile could not be published now; any Nostr app can do it later.";

/** Somebody who logs in. */
export const loginMachine = setup({
  types: { context: {} as LoginContext, events: {} as LoginEvent },
  actors: {
    /** Asks the extension who it signs as. */
    askExtension: fromPromise<void>(() => forever()),
    /** Connects by a `bunker://` address, and asks who the signer signs as. */
    joinBunker: fromCallback<LoginEvent, { address: string }>(() => {}),
    /** Offers itself to any signer that knows the URI. */
    awaitSigner: fromCallback<LoginEvent>(() => {}),
    /** Reads a secret key, as nsec, as hex, or as ncryptsec with its password. */
    openKey: fromPromise<void, { text: string; password: string }>(() => forever()),
    /** Makes a key, or gives the one made before. */
    makeKey: fromPromise<{ ending: string }>(() => forever()),
    /** Makes the opened signer the one that signs. */
    enter: fromPromise<void, { keep: boolean }>(() => forever()),
    publishProfile: fromPromise<void, { profile: NewProfile }>(() => forever()),
  },
  delays: {
    extensionPatience: EXTENSION_PATIENCE_MS,
    signerPatience: SIGNER_PATIENCE_MS,
    scanPatience: SCAN_PATIENCE_MS,
    challengePatience: CHALLENGE_PATIENCE_MS,
    publishPatience: PUBLISH_PATIENCE_MS,
  },
  guards: {
    chose: (_, params: { way: Way; wanted: Way }) => params.way === params.wanted,
    isSaved: ({ context }) => context.isSaved,
    isNew: ({ context }) => context.isNew,
    endsRight: ({ context }, { typed }: { typed: string }) =>
      context.ending !== "" && typed.trim().toLowerCase().endsWith(context.ending),
  },
  actions: {
    forget: assign({ problem: null, isLinked: null, uri: null, challenge: null }),
    fail: assign((_, { words }: { words: string }) => ({ problem: words })),
    keep: assign((_, { keep }: { keep: boolean }) => ({ keep })),
    linked: assign({ isLinked: true }),
    lost: assign({ isLinked: false }),
    offered: assign((_, { uri }: { uri: string }) => ({ uri })),
    challenged: assign((_, { url }: { url: string }) => ({ challenge: url })),
    named: assign((_, { profile }: { profile: NewProfile }) => ({ profile })),
    made: assign((_, { ending }: { ending: string }) => ({ ending, isNew: true })),
    saved: assign({ isSaved: true, problem: null }),
    afresh: assign({ isNew: false, keep: true }),
  },
}).createMachine({
  id: "login",
  description: "Logging in with a Nostr key.",
  initial: "choosing",
  context: {
    problem: null,
    isLinked: null,
    uri: null,
    challenge: null,
    profile: { name: "", picture: "", about: "" },
    ending: "",
    isSaved: false,
    isNew: false,
    keep: true,
  },
  states: {
    choosing: {
      description: "You choose how to log in.",
      entry: "afresh",
      exit: "forget",
      on: {
        choose: (["extension", "connect", "bunker", "key", "create"] as const).map((way) => ({
          guard: { type: "chose" as const, params: chosen(way) },
          target: way,
        })),
      },
    },

    extension: {
      description: "Your browser extension holds the key and signs.",
      initial: "asking",
      exit: "forget",
      on: { back: "choosing" },
      states: {
        asking: {
          description: "Your extension was asked for your public key. Approve it in its window.",
          entry: "forget",
          invoke: {
            id: "askExtension",
            src: "askExtension",
            onDone: "#login.entering",
            onError: { target: "refused", actions: { type: "fail", params: reason } },
          },
          after: {
            extensionPatience: {
              target: "refused",
              actions: {
                type: "fail",
                params: {
                  words:
                    "Your extension does not answer. Open it, see whether it is locked, and try again.",
                },
              },
            },
          },
        },
        refused: {
          description: "Your extension did not let you in. Try again, or choose another way.",
          on: { retry: "asking" },
        },
      },
    },

    bunker: {
      description: "A signer elsewhere holds the key; its address leads to it.",
      initial: "entering",
      exit: "forget",
      states: {
        entering: {
          description: "You paste the address that your signer shows.",
          on: { back: "#login.choosing", join: "joining" },
        },
        joining: {
          description: "Your signer was asked. It may want you to approve.",
          initial: "asking",
          entry: "forget",
          exit: "forget",
          invoke: {
            id: "joinBunker",
            src: "joinBunker",
            input: ({ event }) => ({ address: event.type === "join" ? event.address : "" }),
          },
          on: {
            back: "entering",
            "signer.linked": { actions: "linked" },
            "signer.lost": { actions: "lost" },
            "signer.challenged": { target: ".challenged", actions: challengedBy() },
            "signer.opened": "#login.entering",
            "signer.refused": { target: "entering", actions: { type: "fail", params: told } },
          },
          states: {
            asking: {
              description: "Waiting for your signer to answer.",
              after: {
                signerPatience: {
                  target: "#login.bunker.entering",
                  actions: { type: "fail", params: { words: SILENT } },
                },
              },
            },
            challenged: {
              description: "Your signer wants you to approve this on its own page.",
              after: {
                challengePatience: {
                  target: "#login.bunker.entering",
                  actions: { type: "fail", params: { words: SILENT } },
                },
              },
            },
          },
        },
      },
    },

    connect: {
      description: "A signer app holds the key; it scans a code or opens a link.",
      initial: "offering",
      exit: "forget",
      on: { back: "choosing" },
      states: {
        offering: {
          description: "Your signer app can answer. The code stays good while you wait.",
          initial: "scanning",
          entry: "forget",
          invoke: { id: "awaitSigner", src: "awaitSigner" },
          on: {
            "signer.offered": { actions: { type: "offered", params: offer } },
            "signer.linked": { actions: "linked" },
            "signer.lost": { actions: "lost" },
            "signer.met": ".met",
            "signer.challenged": { target: ".challenged", actions: challengedBy() },
            "signer.opened": "#login.entering",
            "signer.refused": { target: "failed", actions: { type: "fail", params: told } },
          },
          states: {
            scanning: {
              description: "Waiting for your signer app to scan the code or open the link.",
              after: {
                scanPatience: {
                  target: "#login.connect.failed",
                  actions: {
                    type: "fail",
                    params: { words: "No signer has answered for five minutes. Get a new code." },
                  },
                },
              },
            },
            met: {
              description: "Your signer app has answered. It is asked who you are.",
              after: {
                signerPatience: {
                  target: "#login.connect.failed",
                  actions: { type: "fail", params: { words: SILENT } },
                },
              },
            },
            challenged: {
              description: "Your signer wants you to approve this on its own page.",
              after: {
                challengePatience: {
                  target: "#login.connect.failed",
                  actions: { type: "fail", params: { words: SILENT } },
                },
              },
            },
          },
        },
        failed: {
          description: "The code is not good any more. Get a new one.",
          on: { retry: "offering" },
        },
      },
    },

    key: {
      description: "You paste a secret key, and this browser signs with it.",
      initial: "entering",
      exit: "forget",
      states: {
        entering: {
          description: "You paste your secret key.",
          on: {
            back: "#login.choosing",
            open: {
              target: "opening",
              actions: { type: "keep", params: ({ event }) => ({ keep: event.keep }) },
            },
          },
        },
        opening: {
          description: "The key is read, in this browser.",
          entry: "forget",
          invoke: {
            id: "openKey",
            src: "openKey",
            input: ({ event }) => ({
              text: event.type === "open" ? event.text : "",
              password: (event.type === "open" && event.password) || "",
            }),
            onDone: "#login.entering",
            onError: { target: "entering", actions: { type: "fail", params: reason } },
          },
          on: { back: "entering" },
        },
      },
    },

    create: {
      description: "You get a key of your own, and keep it safe.",
      initial: "naming",
      exit: "forget",
      states: {
        naming: {
          description: "You say how others shall see you.",
          on: {
            back: "#login.choosing",
            name: {
              target: "making",
              actions: { type: "named", params: ({ event }) => ({ profile: event.profile }) },
            },
          },
        },
        making: {
          description: "Your key is made, in this browser.",
          entry: "forget",
          invoke: {
            id: "makeKey",
            src: "makeKey",
            onDone: {
              target: "backup",
              actions: { type: "made", params: ({ event }) => event.output },
            },
            onError: { target: "naming", actions: { type: "fail", params: reason } },
          },
          on: { back: "naming" },
        },
        backup: {
          description: "You save your key where you will find it again. Nobody else has it.",
          entry: "forget",
          on: {
            back: "naming",
            saved: { actions: "saved" },
            next: [
              { guard: "isSaved", target: "confirming" },
              { actions: { type: "fail", params: { words: NOT_SAVED } } },
            ],
          },
        },
        confirming: {
          description: "You show that you have your key, by how it ends.",
          entry: "forget",
          on: {
            back: "backup",
            confirm: [
              {
                guard: { type: "endsRight", params: ({ event }) => ({ typed: event.typed }) },
                target: "#login.entering",
                actions: { type: "keep", params: ({ event }) => ({ keep: event.keep }) },
              },
              { actions: { type: "fail", params: { words: WRONG_ENDING } } },
            ],
          },
        },
      },
    },

    entering: {
      description: "Your signer works. You are being logged in.",
      invoke: {
        id: "enter",
        src: "enter",
        input: ({ context }) => ({ keep: context.keep }),
        onDone: [{ guard: "isNew", target: "publishing" }, { target: "done" }],
        onError: { target: "choosing", actions: { type: "fail", params: reason } },
      },
    },
    publishing: {
      description: "You are logged in. Your profile is being published.",
      invoke: {
        id: "publishProfile",
        src: "publishProfile",
        input: ({ context }) => ({ profile: context.profile }),
        onDone: "done",
        onError: { target: "done", actions: { type: "fail", params: { words: NOT_PUBLISHED } } },
      },
      after: {
        publishPatience: {
          target: "done",
          actions: { type: "fail", params: { words: NOT_PUBLISHED } },
        },
      },
    },
    done: { description: "You are logged in." },
  },
});

/** Of a placeholder: it never answers. */
const forever = <T>(): Promise<T> => new Promise<T>(() => {});

function chosen(wanted: Way) {
  return ({ event }: { event: { way: Way } }) => ({ way: event.way, wanted });
}
function reason({ event }: { event: { error: unknown } }) {
  return {
    words: event.error instanceof Error ? event.error.message : "That did not work. Try again.",
  };
}
function told({ event }: { event: { words: string } }) {
  return { words: event.words };
}
function offer({ event }: { event: { uri: string } }) {
  return { uri: event.uri };
}
function challengedBy() {
  return {
    type: "challenged" as const,
    params: ({ event }: { event: { url: string } }) => ({ url: event.url }),
  };
}
