import { For, Match, Show, Switch } from "solid-js";
import { isRenewed, renewedAt } from "../../../machines/billing/seats.ts";
import type { Requested } from "../../lib/api/request.ts";
import type { Billing } from "../../lib/billing/wallet.ts";
import { useLive } from "../../lib/live/live.ts";
import { number, sats } from "../../lib/words/format.ts";
import { Card } from "../../ui/card.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { Failed } from "./section.tsx";

/** What a connection must be allowed to spend, told before one is made. */
export const Budget = (props: { request: Requested<Billing> }) => {
  const live = useLive();
  const lines = () =>
    Object.entries(live.tenant()?.context.seats ?? {}).flatMap(([relay, seat]) =>
      isRenewed(seat) ? [{ relay, sats: renewedAt(seat).priceSats }] : [],
    );
  const total = () => lines().reduce((sum, line) => sum + line.sats, 0);
  return (
    <Card aria-label="The budget it needs">
      <h3 class="text-lg">The budget it needs</h3>
      <Switch fallback={<Skeleton class="mt-3 h-28" />}>
        <Match when={props.request.error()}>
          {(why) => (
            <div class="mt-3">
              <Failed
                what="The budget"
                why={why()}
                onRetry={() => props.request.retry()}
                busy={props.request.isLoading()}
              />
            </div>
          )}
        </Match>
        <Match when={props.request.data()}>
          {(billing) => (
            <Show
              when={billing().needed_budget}
              fallback={
                <p class="mt-2 text-[15px] text-soft">
                  Nothing of yours renews now. A Basic relay will need about 10,100 sats a month.
                </p>
              }
            >
              {(budget) => (
                <>
                  <p class="mt-2 font-display text-3xl font-bold tracking-[-0.025em]">
                    {number(budget())}{" "}
                    <span class="text-base font-normal tracking-normal text-soft">
                      sats a month
                    </span>
                  </p>
                  <dl class="mt-3 flex flex-col gap-1.5 text-[15px] text-soft">
                    <For each={lines()}>
                      {(line) => <Line words={live.nameOf(line.relay)} value={sats(line.sats)} />}
                    </For>
                    <Show when={budget() > total()}>
                      <Line words="Set aside for fees" value={sats(budget() - total())} />
                    </Show>
                  </dl>
                </>
              )}
            </Show>
          )}
        </Match>
      </Switch>
    </Card>
  );
};

const Line = (props: { words: string; value: string }) => (
  <div class="flex items-baseline justify-between gap-4">
    <dt class="min-w-0 truncate">{props.words}</dt>
    <dd class="font-mono text-sm whitespace-nowrap">{props.value}</dd>
  </div>
);
