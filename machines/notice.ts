import { assign, setup } from "xstate";
import { DAY_MS } from "./billing/calendar.ts";
import { now, remote, until } from "./durable.ts";
import type { Stage } from "./messages.ts";

const NEWS_MS = 30 * DAY_MS;

export type NoticeInput = {
  id: string;
  tenant: string;
  invoice: string;
  stage: Stage;
  /** After this it would only mislead; null where it stays true, and is news for a month. */
  validUntil: number | null;
  /** Ids of the relays that it is about; null for those of its invoice. */
  about: string[] | null;
};

/** A message as it was written; `writtenAt` is epoch ms of real time, and its recipient sees it. */
export type Written = { subject: string; text: string; writtenAt: number };

/** What came of sending a message, and what it said, for the dashboard and for another attempt. */
export type Delivered = Written & {
  state: "delivered" | "refused" | "no_inbox";
  relays: string[];
};

/** What there is to send. What was written once is sent again as it was: it may have arrived. */
export type Delivery = {
  notice: string;
  invoice: string;
  stage: Stage;
  about: string[] | null;
  written: Written | null;
};

export type NoticeContext = NoticeInput & {
  createdAt: number;
  sentAt: number | null;
  relays: string[];
  subject: string | null;
  text: string | null;
  writtenAt: number | null;
};

export type NoticeEvent = { type: "admin.retry"; reason: string };

/** One message to a tenant about one invoice: sent once, whatever crashes. The dashboard shows it too. */
export const noticeMachine = setup({
  types: {
    context: {} as NoticeContext,
    input: {} as NoticeInput,
    events: {} as NoticeEvent,
    tags: {} as "ended",
  },
  actors: {
    deliver: remote<Delivered, Delivery>(),
  },
  delays: { validUntil: until((c: NoticeContext) => c.validUntil) },
  guards: {
    is: (_, params: { wanted: Delivered["state"]; state: Delivered["state"] }) =>
      params.wanted === params.state,
  },
  actions: {
    sent: assign((_, { relays, subject, text, writtenAt }: Delivered) => ({
      relays,
      subject,
      text,
      writtenAt,
      sentAt: now(),
    })),
  },
}).createMachine({
  id: "notice",
  version: "2",
  description: "A message to you about one of your invoices.",
  initial: "queued",
  context: ({ input }) => ({
    ...input,
    validUntil: input?.validUntil ?? now() + NEWS_MS,
    createdAt: now(),
    sentAt: null,
    relays: [],
    subject: null,
    text: null,
    writtenAt: null,
  }),
  states: {
    queued: {
      description: "On its way to you.",
      after: { validUntil: "missed" },
      invoke: {
        id: "deliver",
        src: "deliver",
        input: ({ context: c }) => ({
          notice: c.id,
          invoice: c.invoice,
          stage: c.stage,
          about: c.about,
          written: writtenOf(c),
        }),
        onDone: [
          {
            guard: {
              type: "is",
              params: ({ event }) => ({ wanted: "delivered", state: event.output.state }),
            },
            target: "delivered",
            actions: { type: "sent", params: ({ event }) => event.output },
          },
          {
            guard: {
              type: "is",
              params: ({ event }) => ({ wanted: "no_inbox", state: event.output.state }),
            },
            target: "no_inbox",
            actions: { type: "sent", params: ({ event }) => event.output },
          },
          {
            target: "refused",
            actions: { type: "sent", params: ({ event }) => event.output },
          },
        ],
        onError: "refused",
      },
    },
    delivered: { description: "Your inbox relays have it.", tags: "ended" },
    refused: {
      description: "Your inbox relays would not take it. You can read it here.",
      tags: "ended",
      on: { "admin.retry": "queued" },
    },
    no_inbox: {
      description:
        "We know of no inbox of yours (kind 10050), so it was not sent. You can read it here.",
      tags: "ended",
      on: { "admin.retry": "queued" },
    },
    missed: { description: "It could not be delivered while it still mattered.", tags: "ended" },
  },
});

function writtenOf({ subject, text, writtenAt }: NoticeContext): Written | null {
  return subject === null || text === null || writtenAt === null
    ? null
    : { subject, text, writtenAt };
}
