import { A } from "@solidjs/router";
import { Match, Switch } from "solid-js";
import type { Seat } from "../../../machines/billing/seats.ts";
import type { changeRefusal } from "../../../machines/tenant/orders.ts";
import { nextPlan } from "../../lib/plans/next-plan.ts";
import { checkoutOf } from "../../lib/relays/acts.ts";
import { buttonVariants } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";

/** What stands in the way of a change of plan, and until when. */
export const PlanRefusal = (props: {
  why: NonNullable<ReturnType<typeof changeRefusal>>;
  seat: Seat;
  nowMs: number;
}) => (
  <Switch
    fallback={
      <Callout tone="harbour" title="One moment">
        It is being set up. You can change its plan once it runs.
      </Callout>
    }
  >
    <Match when={props.why === "next_plan_paid"}>
      <Callout tone="harbour" title={`Switches to ${nextPlan(props.seat, props.nowMs)}`}>
        That month is paid. You can change the plan once it has begun.
      </Callout>
    </Match>
    <Match when={props.why === "change_still_open" && props.seat.invoice}>
      {(invoice) => (
        <Callout tone="grace" title="An earlier change still waits for your payment">
          <p>Pay it first, or let its invoice run out. Then you can change again.</p>
          <A href={checkoutOf(invoice())} class={`${buttonVariants({ size: "small" })} mt-3`}>
            See the invoice
          </A>
        </Callout>
      )}
    </Match>
  </Switch>
);
