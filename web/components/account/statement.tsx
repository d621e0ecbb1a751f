import { For, Match, Switch } from "solid-js";
import { sats } from "../../lib/words/format.ts";
import { cn } from "../../ui/cn.ts";
import { Skeleton } from "../../ui/skeleton.tsx";
import { createStatement } from "./requests.ts";
import { Failed } from "./section.tsx";

type Money = NonNullable<ReturnType<ReturnType<typeof createStatement>["data"]>>;
type Account = "received" | "granted" | "applied" | "held" | "free" | "refunded";
const CAME: [Account, string][] = [
  ["received", "You paid over Lightning"],
  ["granted", "The operator gave you"],
];
const WENT: [Account, string][] = [
  ["applied", "Paid for relays"],
  ["held", "Held by invoices that are open"],
  ["free", "Your credit"],
  ["refunded", "Refunded to you"],
];

/** Of the credit, open invoices hold a part; the rest is free to use. */
const accounts = (money: Money) => ({ ...money, free: money.credit - money.held });

/** Every sat that came, and where it is: both sides are equal at any moment. */
const Statement = () => {
  const request = createStatement();
  return (
    <div class="mt-3 max-w-[820px]">
      <Switch
        fallback={
          <div role="status" aria-label="Adding up" class="flex flex-col gap-4 py-2">
            <For each={[...CAME, ...WENT]}>{() => <Skeleton class="w-full" />}</For>
          </div>
        }
      >
        <Match when={request.error()}>
          {(why) => (
            <Failed
              what="Your statement"
              why={why()}
              onRetry={() => request.retry()}
              busy={request.isLoading()}
            />
          )}
        </Match>
        <Match when={request.data()}>
          {(said) => {
            const money = () => accounts(said());
            const total = (side: typeof CAME) =>
              side.reduce((sum, [account]) => sum + money()[account], 0);
            return (
              <div class="grid grid-cols-2 gap-x-12 gap-y-6 max-sm:grid-cols-1">
                <Side title="What came" lines={CAME} money={money()} total={total(CAME)} />
                <Side title="Where it is" lines={WENT} money={money()} total={total(WENT)} />
              </div>
            );
          }}
        </Match>
      </Switch>
    </div>
  );
};
export default Statement;

const Side = (props: {
  title: string;
  lines: [Account, string][];
  money: Record<Account, number>;
  total: number;
}) => (
  <div class="flex flex-col text-[15px]">
    <h3 class="pb-1 text-lg">{props.title}</h3>
    <dl class="flex grow flex-col">
      <For each={props.lines}>
        {([account, words]) => <Line words={words} sats={props.money[account]} />}
      </For>
      <Line words="Together" sats={props.total} isTotal />
    </dl>
  </div>
);

const Line = (props: { words: string; sats: number; isTotal?: boolean }) => (
  <div
    class={cn(
      "flex items-baseline justify-between gap-4 border-b border-line py-2",
      props.isTotal && "mt-auto border-b-0 font-semibold",
    )}
  >
    <dt class={cn(!props.isTotal && "text-soft")}>{props.words}</dt>
    <dd class="font-mono whitespace-nowrap">{sats(props.sats)}</dd>
  </div>
);
