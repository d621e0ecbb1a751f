import { For, Show, Suspense } from "solid-js";
import { lengthOf } from "../../../machines/billing/seats.ts";
import { plans } from "../../../machines/plans.ts";
import { lessUsed } from "../../../machines/tenant/served.ts";
import { createNow } from "../../lib/live/clock.ts";
import { type InvoiceReplica, useLive } from "../../lib/live/live.ts";
import { lazyPage } from "../../lib/page/lazy-page.ts";
import { relayUrl } from "../../lib/page/settings.ts";
import { day, number, sats, span } from "../../lib/words/format.ts";

const BringBackAlone = lazyPage(() => import("./alone.tsx"));

type Item = InvoiceReplica["context"]["items"][number];

/** What an invoice is for: each relay with its address, plan and period, and what credit pays of it. */
export const CheckoutLines = (props: { invoice: InvoiceReplica }) => {
  const live = useLive();
  const now = createNow(60_000);
  const c = () => props.invoice.context;
  /** What begins when it is paid has no dates before. */
  const isToStart = () =>
    c().paidAt === null && ["purchase", "reactivation", "past_due"].includes(c().purpose);
  const isOneOfSeveral = () =>
    c().purpose === "past_due" &&
    c().items.length > 1 &&
    c().paidAt === null &&
    c().closing === null;
  const period = (item: Item): string => {
    const less = lessUsed(item.usedMs);
    const dates = `${day(item.from, now())} – ${day(item.to, now())}`;
    if (!isToStart()) return less ? `${dates}, ${less}` : dates;
    const lengthMs = lengthOf(item);
    const length = lengthMs === "month" ? "a month" : span(lengthMs);
    return `${length},${less && ` ${less},`} from when it runs`;
  };
  return (
    <table class="w-full overflow-hidden rounded-card border-separate border-spacing-0 border border-line bg-raised text-left text-[15px]">
      <caption class="sr-only">What you pay for</caption>
      <thead class="sr-only">
        <tr>
          <th scope="col">Relay, plan and period</th>
          <th scope="col">Amount</th>
        </tr>
      </thead>
      <tbody>
        <For each={c().items}>
          {(item) => (
            <tr class="[&>td]:border-line not-first:[&>td]:border-t">
              <td class="px-4 py-3">
                <p dir="auto" class="font-medium wrap-anywhere">
                  {live.nameOf(item.relay)}
                </p>
                <Show when={live.relay(item.relay)?.context.subdomain}>
                  {(subdomain) => (
                    <p class="font-mono text-[13px] break-all text-soft">{relayUrl(subdomain())}</p>
                  )}
                </Show>
                <p class="text-sm text-soft">
                  {plans[item.plan].name} · {period(item)}
                </p>
                <Show when={isOneOfSeveral() && live.relay(item.relay)}>
                  {(relay) => (
                    <Suspense>
                      <BringBackAlone relay={relay()} />
                    </Suspense>
                  )}
                </Show>
              </td>
              <td class="px-4 py-3 text-right align-top font-mono whitespace-nowrap">
                {sats(item.sats)}
              </td>
            </tr>
          )}
        </For>
      </tbody>
      <Show when={c().creditSats > 0}>
        <tfoot class="text-soft [&_td]:border-t [&_td]:border-line [&_th]:border-t [&_th]:border-line">
          <tr>
            <th scope="row" class="px-4 py-3 font-normal">
              Paid from your credit
            </th>
            <td class="px-4 py-3 text-right font-mono whitespace-nowrap">
              −{number(c().creditSats)} sats
            </td>
          </tr>
        </tfoot>
      </Show>
    </table>
  );
};
