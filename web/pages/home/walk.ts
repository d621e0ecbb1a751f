/**
 * The life of one relay, lived by the machine that the server runs: here on a clock of its own, which
 * jumps from one thing that happens to the next.
 */
import { createActor, type PromiseActorLogic, SimulatedClock } from "xstate";
import { addMonths, DAY_MS, GRACE_MS, HOUR_MS } from "../../../machines/billing/calendar.ts";
import { at } from "../../../machines/durable.ts";
import { plans } from "../../../machines/plans.ts";
import type { Applied, RelayContext } from "../../../machines/relay/context.ts";
import { relayMachine } from "../../../machines/relay/machine.ts";

/** The machine after something happened. `atMs` is when it did. */
export type Scene = { value: unknown; context: RelayContext; atMs: number };

type Answer = { type: "answer"; output: unknown };

/** Work that is done when we say so, and not a moment of real time later. */
const answered = <Output, Input>() =>
  ({
    getInitialSnapshot: () => ({ status: "active", output: undefined, error: undefined }),
    transition: (snapshot: object, event: Answer) =>
      event.type === "answer" ? { ...snapshot, status: "done", output: event.output } : snapshot,
    getPersistedSnapshot: (snapshot: unknown) => snapshot,
  }) as unknown as PromiseActorLogic<Output, Input>;

const machine = relayMachine.provide({
  actors: {
    applyRelay: answered<Applied, { relay: string }>(),
    askWallet: answered<{ settled: boolean }, { invoice: string | null }>(),
  },
});

const PAY_MS = 34_000;
const SET_UP_MS = 1_000;
const DARK_MS = 12 * DAY_MS;

/**
 * From a reservation to a running relay; a renewal that nobody pays, and the way back.
 * @param startMs - when it begins, epoch ms
 */
export function relayLife(startMs: number): Scene[] {
  const scenes: Scene[] = [];
  const clock = new SimulatedClock();
  let nowMs = startMs;
  const { priceSats } = plans.basic;
  const actor = at(nowMs, () =>
    createActor(machine, {
      clock,
      input: {
        id: "example",
        tenant: "example",
        schema: "bookclub",
        name: "Book club",
        subdomain: "bookclub",
        description: "",
        plan: "basic",
        priceSats,
      },
    }).start(),
  );
  const context = () => actor.getSnapshot().context;
  const see = (): void => {
    const { value } = actor.getSnapshot();
    scenes.push({ value, context: context(), atMs: nowMs });
  };
  /** Whatever falls due by then happens. */
  const until = (atMs: number): void => {
    nowMs = atMs;
    at(nowMs, () => clock.set(nowMs - startMs));
  };
  const send = (event: Parameters<typeof actor.send>[0]): void =>
    at(nowMs, () => actor.send(event));
  const answer = (invoke: string, output: unknown): void => {
    const children = actor.getSnapshot().children as Record<string, { send(e: Answer): void }>;
    at(nowMs, () => children[invoke]?.send({ type: "answer", output }));
  };

  // A live actor sets a deadline when it enters a state, so the date is known before it is active.
  const pay = (): void => {
    const paidThrough = addMonths(nowMs + SET_UP_MS, 1);
    send({ type: "EXTENDED", plan: "basic", priceSats, paidThrough, prepaid: false });
  };
  const setUp = (): void => {
    until(nowMs + SET_UP_MS);
    const { wanted, name, description } = context();
    answer("apply", { applied: wanted, info: null, read: { name, description } });
  };

  see();
  until(nowMs + PAY_MS);
  pay();
  see();
  setUp();
  see();
  const paidThrough = context().paidThrough ?? nowMs;
  until(paidThrough - HOUR_MS);
  send({ type: "BILLED", invoice: "example", graceEnds: paidThrough + GRACE_MS });
  until(paidThrough);
  see();
  until(context().graceEnds ?? nowMs);
  answer("ask", { settled: false });
  see();
  until(nowMs + DARK_MS);
  pay();
  see();
  setUp();
  see();
  actor.stop();
  return scenes;
}
