import { and, assertEvent, assign, not, setup } from "xstate";
import type { Attention } from "../attention.ts";
import { now, outputs, remote } from "../durable.ts";
import {
  type Admitted,
  type CommunityContext,
  type CommunityEvent,
  type CommunityInput,
  type Compared,
  hasRoom,
  type Ran,
} from "./context.ts";
import * as say from "./outputs.ts";

type Given = { context: CommunityContext };
const act = ({ turn }: CommunityContext) => ({ turn: turn + 1 });

/**
 * The people of one relay: who has a seat, who waits for one, and what zooid is still to be told. Who they
 * are stands in rows, which are written with each act. A seat is taken when it is asked for, not when
 * zooid answers, so that a plan's limit holds however many come at once.
 */
export const communityMachine = setup({
  types: {
    context: {} as CommunityContext,
    input: {} as CommunityInput,
    events: {} as CommunityEvent,
    meta: {} as { attention: Attention },
  },
  actors: {
    runErrands: remote<Ran, { relay: string; after: number }>(),
    comparePeople: remote<Compared, { relay: string; turn: number }>(),
    nextWaiting: remote<Admitted, { relay: string; turn: number; room: number | null }>(),
  },
  guards: {
    hasRoom: ({ context }) => hasRoom(context),
    isWaiting: ({ context: c }) => c.waiting > 0,
    isSeated: ({ context: c }) => c.taken > 1,
    isServed: ({ context: c }) => c.isServed,
    isBehind: ({ context: c }) => c.asked > c.done,
    isNews: ({ context: c, event }) => {
      assertEvent(event, "ROOM");
      return event.limit !== c.limit || event.isServed !== c.isServed;
    },
    isStale: ({ context: c }, params: { turn: number }) => params.turn !== c.turn,
    isMore: (_, { isMore }: Compared) => isMore,
    isNobody: (_, { people }: Admitted) => people.length === 0,
  },
  actions: {
    ...outputs,
    room: assign(({ event }) => {
      assertEvent(event, "ROOM");
      return { limit: event.limit, isServed: event.isServed };
    }),
    seat: assign(({ context: c }: Given) => ({
      ...act(c),
      taken: c.taken + 1,
      asked: c.asked + 1,
    })),
    leave: assign(({ context: c }: Given) => ({
      ...act(c),
      taken: c.taken - 1,
      asked: c.asked + 1,
    })),
    ask: assign(({ context: c }: Given) => ({ ...act(c), asked: c.asked + 1 })),
    queue: assign(({ context: c }: Given) => ({ ...act(c), waiting: c.waiting + 1 })),
    unqueue: assign(({ context: c }: Given) => ({ ...act(c), waiting: c.waiting - 1 })),
    ran: assign(({ context: c }: Given, { results }: Ran) => ({
      done: c.done + results.length,
      taken: c.taken - results.filter(say.isSeatGivenBack).length,
    })),
    admitted: assign(({ context: c }: Given, { people }: Admitted) => ({
      ...act(c),
      taken: c.taken + people.length,
      waiting: c.waiting - people.length,
      asked: c.asked + people.length,
    })),
    compared: assign(({ context: c }: Given, answer: Compared) =>
      answer.isTrusted ? { taken: answer.taken, countedAt: now() } : { countedAt: c.countedAt },
    ),
  },
}).createMachine({
  id: "community",
  version: "1",
  description: "The people of your relay.",
  type: "parallel",
  context: ({ input }) => ({
    ...input,
    ...{ taken: 1, waiting: 0, asked: 0, done: 0, turn: 0, countedAt: null },
  }),
  on: { ROOM: [{ guard: "isNews", actions: "room" }, {}] },
  states: {
    seats: {
      description: "Who may come in.",
      initial: "settled",
      on: {
        SEAT: { guard: "hasRoom", actions: "seat" },
        QUEUE: { actions: "queue" },
        UNQUEUE: { guard: "isWaiting", actions: "unqueue" },
        LEAVE: { guard: "isSeated", actions: "leave" },
        ASK: { actions: "ask" },
      },
      states: {
        settled: {
          description: "Nobody waits for a seat that is free.",
          always: { guard: and(["isServed", "isWaiting", "hasRoom"]), target: "admitting" },
        },
        admitting: {
          description: "A seat is free: whoever has waited longest is let in.",
          always: { guard: not(and(["isServed", "isWaiting", "hasRoom"])), target: "settled" },
          invoke: {
            id: "next",
            src: "nextWaiting",
            input: ({ context: c }) => ({
              relay: c.relay,
              turn: c.turn,
              room: c.limit === null ? null : c.limit - c.taken,
            }),
            onDone: [
              {
                guard: { type: "isStale", params: ({ event }) => event.output },
                target: "settled",
              },
              // Somebody should wait and nobody does: to ask again would be to ask for ever.
              {
                guard: { type: "isNobody", params: ({ event }) => event.output },
                target: "stuck",
              },
              {
                target: "settled",
                actions: [say.admitted, { type: "admitted", params: ({ event }) => event.output }],
              },
            ],
            onError: "stuck",
          },
        },
        stuck: {
          description: "Letting people in from the waiting list failed. We have been told.",
          meta: { attention: "stuck_community" },
          on: { LOOK: "settled" },
        },
      },
    },
    errands: {
      description: "What the relay server is still to be told about people.",
      initial: "settled",
      states: {
        settled: {
          description: "The relay server knows everything there is to know.",
          always: { guard: and(["isServed", "isBehind"]), target: "running" },
        },
        running: {
          description: "The relay server is being told, one after the other.",
          always: { guard: not("isServed"), target: "settled" },
          invoke: {
            id: "run",
            src: "runErrands",
            input: ({ context: c }) => ({ relay: c.relay, after: c.done }),
            onDone: {
              target: "settled",
              actions: [say.ran, { type: "ran", params: ({ event }) => event.output }],
            },
            onError: "stuck",
          },
        },
        stuck: {
          description: "Telling the relay server failed. We have been told.",
          meta: { attention: "stuck_community" },
          on: { LOOK: "settled" },
        },
      },
    },
    list: {
      description: "Whether the relay server still lists who we think it does.",
      initial: "settled",
      states: {
        settled: {
          description: "It did when we last looked.",
          on: { LOOK: { guard: "isServed", target: "comparing" } },
        },
        comparing: {
          description: "We compare the two lists, and give back whom it lost.",
          always: { guard: not("isServed"), target: "settled" },
          invoke: {
            id: "compare",
            src: "comparePeople",
            input: ({ context: c }) => ({ relay: c.relay, turn: c.turn }),
            onDone: [
              // Somebody came or went meanwhile.
              {
                guard: { type: "isStale", params: ({ event }) => event.output },
                target: "comparing",
                reenter: true,
              },
              {
                guard: { type: "isMore", params: ({ event }) => event.output },
                target: "comparing",
                reenter: true,
                actions: [say.compared, { type: "compared", params: ({ event }) => event.output }],
              },
              {
                target: "settled",
                actions: [say.compared, { type: "compared", params: ({ event }) => event.output }],
              },
            ],
            onError: "settled",
          },
        },
      },
    },
  },
});
