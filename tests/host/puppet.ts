import { assign, setup } from "xstate";
import { type Create, outputs, remote, type Tell, until } from "../../machines/durable.ts";

/** What a puppet does when it is told to, or when one of its alarms fires. */
export type Script = {
  /** Noted in `heard`. */
  say: string;
  a?: number | null;
  b?: number | null;
  fill?: string;
  tells?: Tell[];
  creates?: Create[];
  /** Thrown by an assign. */
  fail?: string;
};
export type PuppetContext = {
  heard: string[];
  fill: string;
  /** Deadlines, epoch ms. */
  a: number | null;
  b: number | null;
  /** What its alarms do; by default they note their name and disarm. */
  onA: Script | null;
  onB: Script | null;
};
type Do = { type: "DO" | "TELL" } & Script;
export type PuppetEvent =
  | Do
  | { type: "WORK" | "OTHER"; input?: unknown }
  | { type: "LEAVE" }
  | { type: "RUSH" }
  | { type: "STUBBORN" }
  | { type: "SHRUG" }
  | { type: "ONLY_IDLE" };

const follow = (c: PuppetContext, { say, a = c.a, b = c.b, fill = c.fill, fail }: Script) => {
  if (fail) throw new Error(fail);
  return { heard: [...c.heard, say], a, b, fill };
};
const onA = (c: PuppetContext): Script => c.onA ?? { say: "alarm a", a: null };
const onB = (c: PuppetContext): Script => c.onB ?? { say: "alarm b", b: null };

/** A machine that does as it is told, to show what the host makes of it. */
export const puppet = setup({
  types: {
    context: {} as PuppetContext,
    input: {} as Partial<PuppetContext> | undefined,
    events: {} as PuppetEvent,
  },
  actors: {
    perform: remote<unknown, { input: unknown }>(),
    performOther: remote<unknown, { input: unknown }>(),
  },
  delays: {
    a: until((c: PuppetContext) => c.a),
    b: until((c: PuppetContext) => c.b),
  },
  guards: { never: () => false },
  actions: {
    ...outputs,
    follow: assign(({ context }, script: Script) => follow(context, script)),
    hear: assign(({ context: c }, { say }: { say: string }) => ({ heard: [...c.heard, say] })),
  },
}).createMachine({
  id: "puppet",
  version: "1",
  description: "Does as it is told.",
  type: "parallel",
  context: ({ input }) => ({
    heard: [],
    fill: "",
    a: null,
    b: null,
    onA: null,
    onB: null,
    ...input,
  }),
  on: {
    DO: {
      actions: [
        { type: "follow", params: ({ event }) => event },
        { type: "tell", params: ({ event }) => event.tells ?? [] },
        { type: "create", params: ({ event }) => event.creates ?? [] },
      ],
    },
    TELL: {
      actions: [
        { type: "follow", params: ({ event }) => event },
        { type: "tell", params: ({ event }) => event.tells ?? [] },
        { type: "create", params: ({ event }) => event.creates ?? [] },
      ],
    },
    SHRUG: {},
  },
  states: {
    time: {
      description: "What it waits for.",
      after: {
        a: {
          actions: [
            { type: "follow", params: ({ context }) => onA(context) },
            { type: "tell", params: ({ context }) => onA(context).tells ?? [] },
          ],
        },
        b: {
          actions: [
            { type: "follow", params: ({ context }) => onB(context) },
            { type: "tell", params: ({ context }) => onB(context).tells ?? [] },
          ],
        },
      },
    },
    work: {
      description: "What it has done for it.",
      initial: "idle",
      states: {
        idle: {
          description: "Nothing.",
          on: {
            WORK: "working",
            OTHER: "workingOther",
            RUSH: "rushing",
            STUBBORN: "stubborn",
            ONLY_IDLE: { actions: { type: "hear", params: { say: "idle" } } },
          },
        },
        working: {
          description: "Something.",
          invoke: {
            id: "job",
            src: "perform",
            input: ({ event }) => ({ input: event.type === "WORK" ? (event.input ?? null) : null }),
            onDone: {
              target: "idle",
              actions: {
                type: "hear",
                params: ({ event }) => ({ say: `done ${JSON.stringify(event.output)}` }),
              },
            },
            onError: {
              target: "idle",
              actions: {
                type: "hear",
                params: ({ event }) => ({ say: `error ${JSON.stringify(event.error)}` }),
              },
            },
          },
          on: { LEAVE: "idle", WORK: { target: "working", reenter: true } },
        },
        workingOther: {
          description: "Something else.",
          invoke: {
            id: "other",
            src: "performOther",
            input: ({ event }) => ({
              input: event.type === "OTHER" ? (event.input ?? null) : null,
            }),
            onDone: {
              target: "idle",
              actions: {
                type: "hear",
                params: ({ event }) => ({ say: `other ${JSON.stringify(event.output)}` }),
              },
            },
            onError: "idle",
          },
        },
        stubborn: {
          description: "Takes no answer.",
          invoke: {
            id: "stubborn",
            src: "perform",
            input: { input: "stubborn" },
            onDone: { guard: "never", target: "idle" },
            onError: "idle",
          },
          on: { LEAVE: "idle" },
        },
        rushing: {
          description: "Left as soon as it is entered.",
          invoke: {
            id: "rush",
            src: "perform",
            input: { input: "rush" },
            onDone: "idle",
            onError: "idle",
          },
          always: "idle",
        },
      },
    },
  },
});
