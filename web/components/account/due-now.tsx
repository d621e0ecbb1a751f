import { CircleCheck } from "lucide-solid";
import { createMemo, For, Show } from "solid-js";
import { dueSats } from "../../../machines/invoice/context.ts";
import { listed, PURPOSES } from "../../lib/billing/bill.ts";
import { chargeOf, deadlineOf } from "../../lib/billing/due.ts";
import { type InvoiceReplica, useLive } from "../../lib/live/live.ts";
import { sats } from "../../lib/words/format.ts";
import { buttonVariants } from "../../ui/button.tsx";
import { Section } from "./section.tsx";
import { Words } from "./words.tsx";

/** Every open invoice, oldest first, with what hangs on it. */
export const DueNow = () => {
  const live = useLive();
  const open = createMemo(() =>
    live
      .invoices()
      .filter((invoice) => invoice.matches("pending"))
      .sort((a, b) => a.context.createdAt - b.context.createdAt),
  );
  return (
    <Section title="Due now">
      <Show
        when={open().length > 0}
        fallback={
          <p class="flex min-h-16 items-center gap-3 rounded-card border border-line bg-raised px-5 text-soft">
            <CircleCheck aria-hidden="true" class="size-5 shrink-0 text-active" />
            Nothing to pay.
          </p>
        }
      >
        <ul class="divide-y divide-line overflow-hidden rounded-card border border-line bg-raised">
          <For each={open()}>
            {(invoice, index) => <DueRow invoice={invoice} isFirst={index() === 0} />}
          </For>
        </ul>
      </Show>
    </Section>
  );
};

const DueRow = (props: { invoice: InvoiceReplica; isFirst: boolean }) => {
  const live = useLive();
  const c = () => props.invoice.context;
  const names = () => listed(c().items.map(({ relay }) => live.nameOf(relay)));
  /** What a wallet pays by itself is not the person's to do. */
  const isTheirs = () => c().chargeAt === null || c().outcome !== null;
  return (
    <li class="grid grid-cols-[1fr_auto] items-center gap-x-6 gap-y-3 px-5 py-4 max-sm:grid-cols-1 max-sm:px-4">
      <div class="min-w-0">
        <p class="font-semibold wrap-anywhere">
          {PURPOSES[c().purpose]} <span class="font-normal text-soft">for</span> {names()}
        </p>
        <Words words={deadlineOf(props.invoice, live)} />
        <Show when={chargeOf(props.invoice)}>{(words) => <Words words={words()} />}</Show>
      </div>
      <div class="flex items-center justify-between gap-5">
        <div class="text-right max-sm:text-left">
          <p class="font-mono font-semibold whitespace-nowrap">{sats(dueSats(c()))}</p>
          <Show when={c().creditSats > 0}>
            <p class="text-sm text-soft">after {sats(c().creditSats)} credit</p>
          </Show>
        </div>
        <Show when={!live.isSuspended()}>
          <a
            href={`/account?invoice=${c().id}`}
            aria-label={`Pay ${sats(dueSats(c()))} for ${names()}`}
            class={buttonVariants({ variant: props.isFirst && isTheirs() ? "buoy" : "outline" })}
          >
            Pay
          </a>
        </Show>
      </div>
    </li>
  );
};
