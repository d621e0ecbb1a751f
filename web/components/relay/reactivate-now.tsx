import { useNavigate } from "@solidjs/router";
import { createSignal, Show } from "solid-js";
import type { PlanId } from "../../../machines/plans.ts";
import { wordsOf } from "../../lib/api/api.ts";
import type { RelayReplica } from "../../lib/live/live.ts";
import { checkoutOf, reactivate } from "../../lib/relays/acts.ts";
import { Button } from "../../ui/button.tsx";
import { say } from "../../ui/toast.tsx";

/** Brings a relay back with a plan: at once, or by way of the checkout. */
export function createReactivation(relay: () => RelayReplica) {
  const navigate = useNavigate();
  const [isBusy, setIsBusy] = createSignal(false);
  const [problem, setProblem] = createSignal<string | null>(null);
  // Of one wish: sent again after silence, it is done once.
  let key: { plan: PlanId; id: string } | null = null;

  async function run(plan: PlanId): Promise<void> {
    const { id, name } = relay().context;
    if (key?.plan !== plan) key = { plan, id: crypto.randomUUID() };
    setIsBusy(true);
    setProblem(null);
    try {
      const { invoice } = await reactivate(id, plan, key.id);
      key = null;
      if (invoice?.status === "pending") navigate(checkoutOf(invoice.id));
      else say(`${name} is coming back.`);
    } catch (error) {
      setProblem(wordsOf(error));
    } finally {
      setIsBusy(false);
    }
  }
  return { run, isBusy, problem };
}

/** For one that is paid for: back at once, with the plan and the dates that it had. */
export const ReactivateNow = (props: { relay: RelayReplica }) => {
  const { run, isBusy, problem } = createReactivation(() => props.relay);
  return (
    <div class="max-w-[320px] max-sm:w-full max-sm:max-w-none">
      <Button
        variant="buoy"
        class="w-full"
        busy={isBusy()}
        onClick={() => void run(props.relay.context.plan)}
      >
        Reactivate, free
      </Button>
      <Show when={problem()}>
        <p role="alert" class="mt-2 text-sm text-suspended">
          {problem()}
        </p>
      </Show>
    </div>
  );
};
