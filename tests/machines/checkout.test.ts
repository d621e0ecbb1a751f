import { expect, test } from "bun:test";
import { createActor, SimulatedClock } from "xstate";
import { type CheckoutEvent, checkoutMachine } from "../../machines/checkout.ts";

const seen = (invoice: CheckoutEvent["invoice"], starts = false, runs = false): CheckoutEvent => ({
  type: "SEEN",
  invoice,
  starts,
  runs,
});

function watch(...events: CheckoutEvent[]) {
  const clock = new SimulatedClock();
  const actor = createActor(checkoutMachine, { clock }).start();
  for (const event of events) actor.send(event);
  return { clock, actor, state: () => actor.getSnapshot().value };
}

test("an invoice that is paid while it is watched leads on once its relay runs", () => {
  const { actor, clock, state } = watch(seen("pending", true), seen("paid", true));
  expect(state()).toBe("starting");
  actor.send(seen("paid", true, true));
  expect(state()).toBe("running");
  clock.increment(1_500);
  expect(state()).toBe("arrived");
});

test("a relay that takes longer than ten seconds is not waited for", () => {
  const { clock, state } = watch(seen("pending", true), seen("paid", true));
  clock.increment(9_999);
  expect(state()).toBe("starting");
  clock.increment(1);
  expect(state()).toBe("arrived");
});

test("a relay that runs by the time the payment is seen is shown as running, and leads on", () => {
  const { clock, state } = watch(seen("pending", true), seen("paid", true, true));
  expect(state()).toBe("running");
  clock.increment(1_500);
  expect(state()).toBe("arrived");
});

test("a renewal that is paid is settled where it stands", () => {
  expect(watch(seen("pending"), seen("paid")).state()).toBe("settled");
});

test("an invoice that was paid before it was looked at is a receipt, and leads nowhere", () => {
  const { clock, state } = watch(seen("paid", true, true));
  clock.increment(60_000);
  expect(state()).toBe("settled");
});

test.each(["expired", "void"] as const)("an invoice that is %s is closed", (status) => {
  expect(watch(seen(status)).state()).toBe("closed");
  expect(watch(seen("pending", true), seen(status)).state()).toBe("closed");
});

test("every state says what it means", () => {
  for (const node of Object.values(checkoutMachine.root.states))
    expect(node.description).toBeString();
});
