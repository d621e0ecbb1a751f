import { RadioGroup } from "@kobalte/core/radio-group";
import { Check, Minus } from "lucide-solid";
import { For, type JSX, Show } from "solid-js";
import { type Plan, type PlanId, planIds } from "../../../machines/plans.ts";
import {
  featuresOf,
  hasCalls,
  PLAN_FOR,
  planHere,
  whyNotHere,
} from "../../lib/plans/plan-words.ts";
import { number } from "../../lib/words/format.ts";
import { cn } from "../../ui/cn.ts";

/** What is compared, a row each. */
const ROWS: { label: string; value: (plan: Plan) => JSX.Element }[] = [
  {
    label: "Members",
    value: ({ memberLimit }) => (
      <span>{memberLimit === null ? "Unlimited" : `Up to ${memberLimit}`}</span>
    ),
  },
  { label: "Rooms and invites", value: () => <Mark has /> },
  { label: "Media with Blossom", value: ({ blossom }) => <Mark has={blossom} /> },
  ...(hasCalls
    ? [{ label: "Calls with LiveKit", value: ({ livekit }: Plan) => <Mark has={livekit} /> }]
    : []),
];

/**
 * The plans side by side, one of which is chosen: columns where there is room, else a card each. To a
 * screen reader it is a group of radio buttons, each described by what its plan has.
 */
export const PlanPicker = (props: {
  value: PlanId | null;
  onChange: (plan: PlanId) => void;
  /** The plan that is in force now. */
  current?: PlanId;
  label: string;
  disabled?: readonly PlanId[];
}) => (
  <RadioGroup
    value={props.value ?? ""}
    onChange={(plan) => props.onChange(plan as PlanId)}
    class="@container"
  >
    <RadioGroup.Label class="text-[15px] font-semibold">{props.label}</RadioGroup.Label>
    <div class="mt-2 grid gap-3 @xl:grid-cols-[auto_repeat(3,minmax(0,1fr))] @xl:grid-rows-[repeat(6,auto)] @xl:gap-y-0">
      <div
        aria-hidden="true"
        class="row-span-6 hidden grid-rows-subgrid py-[3px] pr-3 text-[15px] text-soft @xl:grid"
      >
        <span class="row-span-2" />
        <For each={ROWS}>
          {({ label }) => (
            <span class="flex min-h-[42px] items-center border-t border-line">{label}</span>
          )}
        </For>
      </div>
      <For each={planIds}>
        {(id) => (
          <Column
            id={id}
            isCurrent={props.current === id}
            isDisabled={props.disabled?.includes(id) || whyNotHere(id) !== null}
          />
        )}
      </For>
    </div>
  </RadioGroup>
);

/** The radio button itself lies, unseen, over all of its column: a click anywhere is a click on it. */
const OVER_ALL = {
  inset: "0",
  width: "100%",
  height: "100%",
  margin: "0",
  clip: "auto",
  "clip-path": "none",
  opacity: "0",
  cursor: "inherit",
};

const Column = (props: { id: PlanId; isCurrent: boolean; isDisabled: boolean | undefined }) => {
  const plan = planHere(props.id);
  const words = whyNotHere(props.id) ?? PLAN_FOR[props.id];
  const price = plan.priceSats === 0 ? "0 sats" : `${number(plan.priceSats)} sats a month`;
  return (
    <RadioGroup.Item
      value={props.id}
      disabled={props.isDisabled}
      data-slot="plan"
      data-plan={props.id}
      class={cn(
        "group relative cursor-pointer rounded-card border border-line bg-raised p-px transition-colors @xl:row-span-6 @xl:grid @xl:grid-rows-subgrid",
        "not-data-disabled:not-data-checked:hover:border-edge data-checked:border-2 data-checked:border-harbour data-checked:bg-[color-mix(in_oklab,var(--harbour)_4%,var(--raised))] data-checked:p-0",
        "data-disabled:cursor-not-allowed data-disabled:bg-paper data-disabled:text-soft",
        "outline-harbour has-focus-visible:outline-2 has-focus-visible:outline-offset-2",
      )}
    >
      <RadioGroup.ItemInput style={OVER_ALL} />
      <div class="flex items-start gap-3 px-4 pt-4 @xl:pb-1">
        <span
          aria-hidden="true"
          class="mt-1 grid size-[18px] shrink-0 place-items-center rounded-full border-2 border-edge group-data-checked:border-harbour"
        >
          <span class="size-2 rounded-full group-data-checked:bg-harbour" />
        </span>
        <div class="min-w-0 grow">
          <RadioGroup.ItemLabel class="font-display text-[19px] leading-tight font-bold tracking-[-0.025em]">
            {plan.name}
          </RadioGroup.ItemLabel>
          <RadioGroup.ItemDescription class="sr-only">
            {[
              price,
              ...(props.isCurrent ? ["Your plan now"] : []),
              words.replace(/\.$/, ""),
              ...featuresOf(props.id),
            ].join(". ")}
          </RadioGroup.ItemDescription>
        </div>
        <Show when={props.isCurrent}>
          <span
            aria-hidden="true"
            class="rounded-full border border-line px-2 text-[13px] leading-5 whitespace-nowrap text-soft"
          >
            now
          </span>
        </Show>
      </div>
      <div aria-hidden="true" class="px-4 pb-3">
        <p class="flex flex-wrap items-baseline gap-x-1.5 @xl:flex-col @3xl:flex-row">
          <span class="font-display text-2xl font-bold tracking-[-0.025em]">
            {number(plan.priceSats)}
          </span>
          <span class="text-sm text-soft">sats a month</span>
        </p>
        <p class="mt-0.5 text-sm text-soft @xl:hidden @3xl:block">{words}</p>
      </div>
      <For each={ROWS}>
        {({ label, value }) => (
          <div aria-hidden="true" class="px-4 text-[15px] last:pb-1.5 @xl:last:pb-0">
            <div class="flex min-h-[38px] items-center justify-between gap-3 border-t border-line @xl:min-h-[42px]">
              <span class="text-soft @xl:hidden">{label}</span>
              {value(plan)}
            </div>
          </div>
        )}
      </For>
    </RadioGroup.Item>
  );
};

/** Has it, or has it not. */
const Mark = (props: { has: boolean }) => (
  <Show when={props.has} fallback={<Minus class="size-[18px] text-soft opacity-70" />}>
    <Check class="size-[18px] text-active" />
  </Show>
);
