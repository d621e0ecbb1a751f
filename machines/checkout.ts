import { setup } from "xstate";

/** What the page sees of the server's invoice and of the relay that it brings to life. */
export type CheckoutEvent = {
  type: "SEEN";
  invoice: "pending" | "paid" | "expired" | "void";
  /** Whether paying it starts a relay that does not run now, and whether that relay runs by now. */
  starts: boolean;
  runs: boolean;
};

/** How long somebody watches their relay start before they are taken to it all the same. */
const PATIENCE_MS = 10_000;
/** How long they see that it runs. */
const MOMENT_MS = 1_500;

/**
 * What a checkout shows around the invoice, which is the server's own machine: lives in the browser
 * alone and decides nothing about money.
 */
export const checkoutMachine = setup({
  types: { events: {} as CheckoutEvent },
  delays: { patience: PATIENCE_MS, moment: MOMENT_MS },
  guards: {
    isPending: ({ event }) => event.invoice === "pending",
    isPaid: ({ event }) => event.invoice === "paid",
    starts: ({ event }) => event.invoice === "paid" && event.starts && !event.runs,
    runs: ({ event }) => event.invoice === "paid" && event.starts && event.runs,
    isClosed: ({ event }) => event.invoice === "expired" || event.invoice === "void",
    isRunning: ({ event }) => event.runs,
  },
}).createMachine({
  id: "checkout",
  description: "From an invoice to a running relay, as somebody watches it.",
  initial: "looking",
  states: {
    looking: {
      description: "We are looking up the invoice.",
      on: {
        SEEN: [
          { guard: "isPending", target: "waiting" },
          { guard: "isPaid", target: "settled" },
          { guard: "isClosed", target: "closed" },
        ],
      },
    },
    waiting: {
      description: "Waiting for your payment.",
      on: {
        SEEN: [
          { guard: "starts", target: "starting" },
          { guard: "runs", target: "running" },
          { guard: "isPaid", target: "settled" },
          { guard: "isClosed", target: "closed" },
        ],
      },
    },
    starting: {
      description: "Paid. Your relay is being set up.",
      after: { patience: "arrived" },
      on: { SEEN: { guard: "isRunning", target: "running" } },
    },
    running: { description: "Paid, and your relay is running.", after: { moment: "arrived" } },
    arrived: { description: "Paid, and on to your relays." },
    settled: { description: "Paid. There is nothing left to do." },
    closed: {
      description: "This invoice is closed. Nothing is owed on it.",
      on: { SEEN: { guard: "isPaid", target: "settled" } },
    },
  },
});
