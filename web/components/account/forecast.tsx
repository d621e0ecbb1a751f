import { createMemo, For, Match, Show, Switch } from "solid-js";
import type { Requested } from "../../lib/api/request.ts";
import { listed } from "../../lib/billing/bill.ts";
import { type Entry, foretell } from "../../lib/billing/forecast.ts";
import { createNow } from "../../lib/live/clock.ts";
import { useLive } from "../../lib/live/live.ts";
import { day, exact } from "../../lib/words/format.ts";
import { Button } from "../../ui/button.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import type { Forecast as Answer } from "./requests.ts";
import { Failed, Section } from "./section.tsx";

/** Within 90 days, a day needs no year. */
const dayOf = ({ at }: Entry): string => day(at, at);
const isSameDay = (a: Entry, b: Entry | undefined): boolean =>
  b !== undefined && dayOf(a) === dayOf(b);

/** What the next 90 days bring, day by day. */
export const Forecast = (props: { request: Requested<Answer>; isOutdated: boolean }) => {
  const live = useLive();
  const now = createNow(60_000);
  const entries = createMemo(() =>
    foretell(props.request.data()?.events ?? [], {
      names: (relays) => listed([...new Set(relays)].map(live.nameOf)),
      relaysOf: (id) => live.invoice(id)?.context.items.map(({ relay }) => relay) ?? null,
    }).filter(({ at }) => at >= now()),
  );
  return (
    <Section
      title="The next 90 days"
      lead="What happens if nobody does anything. Reminders stand under Notices, and in your Nostr inbox if you have one."
      actions={
        <Show when={props.isOutdated && props.request.data()}>
          <Button
            size="small"
            busy={props.request.isLoading()}
            onClick={() => props.request.retry()}
          >
            Things have changed: look again
          </Button>
        </Show>
      }
    >
      <Switch>
        <Match when={props.request.error()}>
          {(why) => (
            <Failed
              what="The forecast"
              why={why()}
              onRetry={() => props.request.retry()}
              busy={props.request.isLoading()}
            />
          )}
        </Match>
        <Match when={!props.request.data()}>
          <div class="flex flex-col gap-4 py-1" role="status" aria-label="Looking ahead">
            <For each={["w-3/5", "w-2/5", "w-1/2"]}>
              {(width) => (
                <div class="flex h-12 items-start gap-6">
                  <Skeleton class="h-5 w-14" />
                  <Skeleton class={`h-5 ${width}`} />
                </div>
              )}
            </For>
          </div>
        </Match>
        <Match when={entries().length === 0}>
          <p class="text-soft">
            {live.isSuspended()
              ? "Nothing is billed and nothing runs while your account is suspended."
              : "Nothing happens by itself: nothing is billed, and what runs goes on."}
          </p>
        </Match>
        <Match when={true}>
          <ol aria-label="Forecast" class="flex flex-col">
            <For each={entries()}>
              {(entry, index) => (
                <li
                  data-tone={entry.tone}
                  class="tone group grid grid-cols-[52px_12px_1fr] gap-x-4 max-sm:gap-x-3"
                >
                  <time
                    dateTime={new Date(entry.at).toISOString()}
                    title={exact(entry.at)}
                    class={`h-fit w-fit text-[15px] leading-6 font-medium whitespace-nowrap tabular-nums ${
                      isSameDay(entry, entries()[index() - 1])
                        ? "text-soft opacity-0 group-hover:opacity-100"
                        : ""
                    }`}
                  >
                    {dayOf(entry)}
                  </time>
                  <span aria-hidden="true" class="relative flex justify-center">
                    <span class="absolute top-2 bottom-[-8px] w-px bg-line group-last:hidden" />
                    <span class="relative mt-2 size-2.5 rounded-full bg-(--tone) ring-4 ring-paper" />
                  </span>
                  <div class="min-w-0 pb-5 group-last:pb-0">
                    <p class="leading-6 wrap-anywhere">{entry.text}</p>
                    <For each={entry.notes}>
                      {(note) => <p class="text-[15px] text-soft">{note}</p>}
                    </For>
                  </div>
                </li>
              )}
            </For>
          </ol>
        </Match>
      </Switch>
    </Section>
  );
};
