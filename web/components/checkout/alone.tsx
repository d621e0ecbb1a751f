import { Show } from "solid-js";
import { planOfReturn } from "../../../machines/tenant/past-due.ts";
import { createNow } from "../../lib/live/clock.ts";
import { type RelayReplica, useLive } from "../../lib/live/live.ts";
import { Button } from "../../ui/button.tsx";
import { createReactivation } from "../relay/reactivate-now.tsx";

/** One of several suspended relays is brought back by an invoice of its own; the others stay as they are. */
const BringBackAlone = (props: { relay: RelayReplica }) => {
  const live = useLive();
  const now = createNow(60_000);
  const { run, isBusy, problem } = createReactivation(() => props.relay);
  const plan = () => {
    const { id, plan: own } = props.relay.context;
    const till = live.tenant()?.context;
    const seat = till?.seats[id];
    return till && seat ? planOfReturn(till, id, seat, now()) : own;
  };
  return (
    <>
      <Button
        size="small"
        class="mt-2"
        busy={isBusy()}
        aria-label={`Pay for ${props.relay.context.name} alone`}
        onClick={() => void run(plan())}
      >
        Pay for this one alone
      </Button>
      <Show when={problem()}>
        <p role="alert" class="mt-1 text-sm text-suspended">
          {problem()}
        </p>
      </Show>
    </>
  );
};

export default BringBackAlone;
