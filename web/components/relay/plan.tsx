import { useNavigate } from "@solidjs/router";
import { createMemo, createSignal, For, Match, Show, Switch } from "solid-js";
import { quote } from "../../../machines/billing/quote.ts";
import { isNextPaid } from "../../../machines/billing/seats.ts";
import { statusOf } from "../../../machines/describe.ts";
import { type PlanId, plans, switchedOff } from "../../../machines/plans.ts";
import { renews } from "../../../machines/tenant/context.ts";
import { changeRefusal } from "../../../machines/tenant/orders.ts";
import { wordsOf } from "../../lib/api/api.ts";
import { createNow } from "../../lib/live/clock.ts";
import { type RelayReplica, useLive } from "../../lib/live/live.ts";
import { offer } from "../../lib/page/settings.ts";
import { nextPlan } from "../../lib/plans/next-plan.ts";
import { quoteInWords } from "../../lib/plans/quote-words.ts";
import { changePlan, checkoutOf } from "../../lib/relays/acts.ts";
import { Button } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";
import { say } from "../../ui/toast.tsx";
import { PANEL_ID } from "./panel.tsx";
import { PlanPicker } from "./plan-picker.tsx";
import { PlanRefusal } from "./plan-refusal.tsx";
import { Reactivation } from "./reactivate.tsx";

/** The plan of a relay: another one while it runs, and with which it comes back where it does not. */
const RelayPlan = (props: { relay: RelayReplica }) => {
  const live = useLive();
  const status = () => statusOf(props.relay.value);
  return (
    <Switch fallback={<PlanChange relay={props.relay} />}>
      <Match when={live.isSuspended()}>
        <p class="text-soft">While your account is suspended, nothing of it can be changed.</p>
      </Match>
      <Match when={status() === "suspended" || status() === "deactivated"}>
        <Reactivation relay={props.relay} />
      </Match>
    </Switch>
  );
};

const PlanChange = (props: { relay: RelayReplica }) => {
  const live = useLive();
  const navigate = useNavigate();
  const now = createNow(10_000);
  const [chosen, setChosen] = createSignal<PlanId | null>(null);
  const [isBusy, setIsBusy] = createSignal(false);
  const [problem, setProblem] = createSignal<string | null>(null);
  const id = () => props.relay.context.id;
  const till = () => live.tenant()?.context;
  const seat = () => till()?.seats[id()];
  /** What is in force, or will be: the present choice. */
  const present = () =>
    (seat()?.next ?? seat()?.instead ?? seat())?.plan ?? props.relay.context.plan;

  const isPaid = () => {
    const mine = seat();
    return mine !== undefined && isNextPaid(mine);
  };

  // The till's own function on the till's own state: what the server would quote, without a signature.
  const told = createMemo(() => {
    const [plan, account, mine] = [chosen(), till(), seat()];
    if (plan === null || !account || !mine) return null;
    const isRenewing = renews(account, id());
    const quoted = quote(mine, plan, now(), { anchor: account.anchor, isRenewing });
    const beside = (account.renewal?.items ?? [])
      .filter(({ relay }) => relay !== id())
      .reduce((sum, { sats }) => sum + sats, 0);
    const words = quoteInWords(quoted, mine, account.creditSats, beside, now());
    const off = switchedOff(mine.plan, plan, offer);
    return words && { quoted, words, off, seat: mine, refusal: changeRefusal(mine, quoted.change) };
  });

  async function confirm(plan: PlanId, done: string): Promise<void> {
    const isToPay = told()?.quoted.applies === "when_paid";
    setIsBusy(true);
    setProblem(null);
    try {
      const { open_invoice } = await changePlan(id(), plan);
      setChosen(null);
      if (isToPay && open_invoice) navigate(checkoutOf(open_invoice));
      else {
        say(done);
        // What was pressed is gone: the reader goes on at what is next.
        setTimeout(() => document.getElementById(PANEL_ID)?.focus());
      }
    } catch (error) {
      setProblem(wordsOf(error));
    } finally {
      setIsBusy(false);
    }
  }

  return (
    <>
      <PlanPicker
        label="Your plan"
        value={chosen() ?? present()}
        onChange={(plan) => {
          setProblem(null);
          setChosen(plan);
        }}
        current={props.relay.context.plan}
      />
      <div aria-live="polite" class="mt-6">
        <Show
          when={told()}
          fallback={
            <p class="text-soft">
              <Show
                when={nextPlan(seat(), now())}
                fallback="Choose another plan to see what it means and costs. Nothing changes before you confirm."
              >
                {(next) => (
                  <>
                    {isPaid()
                      ? `Switches to ${next()}. That month is paid.`
                      : `Switches to ${next()}.`}
                  </>
                )}
              </Show>
              <Show when={nextPlan(seat(), now()) && !isPaid()}>
                <Button
                  size="small"
                  class="ml-3"
                  busy={isBusy()}
                  onClick={() => {
                    const { plan } = props.relay.context;
                    void confirm(plan, `You keep ${plans[plan].name}.`);
                  }}
                >
                  Keep {plans[props.relay.context.plan].name}
                </Button>
              </Show>
              <Show when={problem()}>
                <span role="alert" class="mt-2 block text-sm text-suspended">
                  {problem()}
                </span>
              </Show>
            </p>
          }
        >
          {(is) => (
            <Switch>
              <Match when={is().refusal}>
                {(why) => <PlanRefusal why={why()} seat={is().seat} nowMs={now()} />}
              </Match>
              <Match when={true}>
                <section class="rounded-card border border-line bg-raised p-6 max-sm:p-4">
                  <h3 class="text-xl">{is().words.title}</h3>
                  <ul class="mt-2 max-w-[68ch] space-y-1">
                    <For each={is().words.lines}>{(line) => <li>{line}</li>}</For>
                  </ul>
                  <Show when={is().off.length > 0}>
                    <p class="mt-4 font-semibold">
                      {seat()?.is === "new"
                        ? `What ${plans[is().quoted.plan].name} does not have`
                        : "What is switched off then"}
                    </p>
                    <ul class="mt-1 list-disc pl-5">
                      <For each={is().off}>{(what) => <li>{what}</li>}</For>
                    </ul>
                  </Show>
                  <Show when={problem()}>
                    <Callout tone="suspended" role="alert" class="mt-4">
                      {problem()}
                    </Callout>
                  </Show>
                  <div class="mt-5 flex flex-wrap gap-2">
                    <Button
                      variant="buoy"
                      class="max-sm:w-full"
                      busy={isBusy()}
                      onClick={() => void confirm(is().quoted.plan, is().words.done)}
                    >
                      {is().words.confirm}
                    </Button>
                    <Button
                      variant="ghost"
                      class="max-sm:w-full"
                      disabled={isBusy()}
                      onClick={() => setChosen(null)}
                    >
                      Leave it as it is
                    </Button>
                  </div>
                </section>
              </Match>
            </Switch>
          )}
        </Show>
      </div>
    </>
  );
};

export default RelayPlan;
