import { A } from "@solidjs/router";
import { Show } from "solid-js";
import type { Dues } from "../../lib/relays/list.ts";
import { sats } from "../../lib/words/format.ts";
import { buttonVariants } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";
import { cn } from "../../ui/cn.ts";
import { Time } from "../time.tsx";

/** What has to be paid so that relays run on, or run again; nothing where nothing has. */
export const RelayDues = (props: { dues: Dues }) => {
  const dark = () => props.dues.dark.length;
  const graced = () => props.dues.rows.length - dark();
  const named = (count: number, of: string) =>
    count === 1 && props.dues.rows.length === 1
      ? props.dues.rows[0]?.relay.context.name
      : `${count} ${of}${count === 1 ? "" : "s"}`;
  const title = () =>
    dark() === 0
      ? `${named(graced(), "relay")} ${graced() === 1 ? "needs" : "need"} a payment`
      : graced() === 0
        ? `${named(dark(), "relay")} ${dark() === 1 ? "is" : "are"} suspended for non-payment`
        : `${dark()} of your relays ${dark() === 1 ? "is" : "are"} suspended, ${graced()} more ${graced() === 1 ? "needs" : "need"} a payment`;
  return (
    <Show when={props.dues.rows.length > 0}>
      <Callout tone={dark() > 0 ? "suspended" : "grace"} class="mb-6">
        <div class="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
          <div class="min-w-0">
            <p class="font-semibold">{title()}</p>
            <p class="text-soft">
              <Show
                when={props.dues.soonestMs}
                fallback={`Nothing is deleted. Once paid, ${dark() === 1 ? "it runs" : "they run"} again within seconds.`}
              >
                {(at) => (
                  <>
                    {dark() > 0 ? "What still runs stays on when you pay by" : "Pay by"}{" "}
                    <Time at={at()} form="date" />
                    {dark() === 0 && " and nothing changes"}. After that{" "}
                    {graced() === 1 ? "it is" : "they are"} suspended; nothing is deleted.
                  </>
                )}
              </Show>
            </p>
          </div>
          <div class="flex flex-wrap gap-2 max-sm:w-full">
            <A
              href={`/account?invoice=${props.dues.invoices[0]?.id}`}
              class={cn(buttonVariants({ variant: "buoy" }), "max-sm:w-full")}
            >
              Pay {sats(props.dues.invoices[0]?.sats ?? 0)}
            </A>
            <Show when={props.dues.invoices.length > 1}>
              <A href="/account" class={cn(buttonVariants(), "max-sm:w-full")}>
                All {props.dues.invoices.length} invoices · {sats(props.dues.sats)}
              </A>
            </Show>
          </div>
        </div>
      </Callout>
    </Show>
  );
};
