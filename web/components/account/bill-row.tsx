import { useLocation } from "@solidjs/router";
import { ChevronRight } from "lucide-solid";
import { Show } from "solid-js";
import {
  BILL_STATES,
  type Bill,
  leftSats,
  namesOf,
  PURPOSES,
  spanOf,
} from "../../lib/billing/bill.ts";
import { nowMs } from "../../lib/live/clock.ts";
import { useLive } from "../../lib/live/live.ts";
import { day, number, sats, short } from "../../lib/words/format.ts";
import { buttonVariants } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { StateBadge } from "../state-badge.tsx";

/** `27 Dec – 27 Jan`: what an invoice pays for. */
function spanWords(bill: Pick<Bill, "items">): string {
  const { from, to } = spanOf(bill);
  return `${day(from, nowMs())} – ${day(to, nowMs())}`;
}

/** A line of the history; all of it opens the receipt. Stacked where there is little room. */
export const BillRow = (props: { bill: Bill }) => {
  const live = useLive();
  const location = useLocation();
  const receipt = () => {
    const params = new URLSearchParams(location.search);
    params.set("receipt", props.bill.id);
    return `/account?${params}`;
  };
  return (
    <tr class="relative transition-colors hover:bg-tint max-md:grid max-md:grid-cols-[1fr_auto] max-md:gap-x-4 max-md:gap-y-1 max-md:px-4 max-md:py-3.5">
      <td class="py-3 pr-4 pl-5 align-top whitespace-nowrap max-md:order-3 max-md:p-0">
        <a
          href={receipt()}
          noScroll
          class="font-medium no-underline after:absolute after:inset-0 max-md:text-sm max-md:text-soft focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-harbour"
        >
          {day(props.bill.createdAt, nowMs())}
          <span class="sr-only">: show the invoice for {namesOf(props.bill, live.nameOf)}</span>
        </a>
        <p class="font-mono text-sm text-soft max-md:hidden">{short(props.bill.id, 5, 4)}</p>
      </td>
      <td class="w-full max-w-0 px-4 py-3 align-top max-md:order-1 max-md:w-auto max-md:max-w-none max-md:min-w-0 max-md:p-0">
        <p class="truncate font-medium">{namesOf(props.bill, live.nameOf)}</p>
        <p class="text-sm text-soft">
          {PURPOSES[props.bill.purpose]} · {spanWords(props.bill)}
        </p>
      </td>
      <td class="px-4 py-3 align-top max-md:order-4 max-md:justify-self-end max-md:p-0">
        <StateBadge status={props.bill.status} label={BILL_STATES[props.bill.status]} />
      </td>
      <td class="px-4 py-3 text-right align-top whitespace-nowrap max-md:order-2 max-md:p-0">
        <p class="font-mono font-medium">{sats(props.bill.amountSats)}</p>
        <Show when={props.bill.creditSats > 0}>
          <p class="text-sm text-soft">{number(props.bill.creditSats)} from credit</p>
        </Show>
      </td>
      <td class="py-2.5 pr-5 pl-4 text-right align-top max-md:order-5 max-md:col-span-2 max-md:p-0 max-md:empty:hidden">
        <Show
          when={props.bill.status === "pending"}
          fallback={
            <ChevronRight
              aria-hidden="true"
              class="mt-2.5 ml-auto size-[18px] text-soft max-md:hidden"
            />
          }
        >
          <a
            href={`/account?invoice=${props.bill.id}`}
            aria-label={`Pay ${sats(leftSats(props.bill))} for ${namesOf(props.bill, live.nameOf)}`}
            class={cn(
              buttonVariants({ size: "small" }),
              "relative min-h-10 max-md:mt-2 max-md:w-full",
            )}
          >
            Pay
          </a>
        </Show>
      </td>
    </tr>
  );
};
