import { A } from "@solidjs/router";
import { clsx } from "clsx";
import { Check } from "lucide-solid";
import { For, Show } from "solid-js";
import { type PlanId, planIds } from "../../../machines/plans.ts";
import { featuresOf, PLAN_FOR, planHere, whyNotHere } from "../../lib/plans/plan-words.ts";
import { number } from "../../lib/words/format.ts";
import { buttonVariants } from "../../ui/button-variants.ts";
import { Part } from "./part.tsx";

/** The one that most communities want. */
const USUAL: PlanId = "basic";

/** What is sold, from the catalogue that the server sells from. */
export const Plans = () => (
  <Part
    id="plans"
    title="Plans"
    lead="Per relay, a month at a time. Change whenever you like: an upgrade costs only the days that are left, a downgrade waits for the end of what you paid."
  >
    <ul class="mt-10 grid gap-4 lg:grid-cols-3">
      <For each={planIds}>{(id) => <PlanCard id={id} />}</For>
    </ul>
  </Part>
);

const PlanCard = (props: { id: PlanId }) => {
  const plan = () => planHere(props.id);
  return (
    <li
      data-plan={props.id}
      class={clsx(
        "flex flex-col rounded-card border bg-raised p-6",
        props.id === USUAL
          ? "border-harbour shadow-[inset_0_0_0_1px_var(--harbour)]"
          : "border-line",
      )}
    >
      <h3 class="text-[22px]">{plan().name}</h3>
      <p class="mt-1 text-[15px] text-soft">{PLAN_FOR[props.id]}</p>
      <p class="mt-5 flex items-baseline gap-2">
        <strong class="font-display text-4xl font-bold tracking-[-0.025em]">
          {number(plan().priceSats)}
        </strong>
        <span class="text-soft">sats a month</span>
      </p>
      <ul class="mt-5 mb-7 flex flex-col gap-2">
        <For each={featuresOf(props.id)}>
          {(feature) => (
            <li class="flex items-center gap-2.5">
              <Check aria-hidden="true" class="size-4 shrink-0 text-active" stroke-width="2.5" />
              {feature}
            </li>
          )}
        </For>
      </ul>
      <Show
        when={whyNotHere(props.id)}
        fallback={
          <A href={`/relays/new?plan=${props.id}`} class={buttonVariants({ class: "mt-auto" })}>
            {plan().priceSats === 0 ? "Start free" : `Choose ${plan().name}`}
          </A>
        }
      >
        {(why) => <p class="mt-auto text-[15px] text-soft">{why()}</p>}
      </Show>
    </li>
  );
};
