/** The sandbox's own bar: its clock, its wallet, its faults. Not in the production bundle. */
import { clsx } from "clsx";
import { ChevronDown, ChevronUp, Zap } from "lucide-solid";
import { createSignal, For, onCleanup, onMount, Show } from "solid-js";
import { wordsOf } from "../lib/api/api.ts";
import { payable } from "../lib/billing/paying.ts";
import { createNow, nowMs } from "../lib/live/clock.ts";
import { moment, sats, span } from "../lib/words/format.ts";
import { Button } from "../ui/button.tsx";
import { advance, look, pay, sandbox } from "./control.ts";
import { Tools } from "./tools.tsx";

const HOUR = 3_600;
const STEPS = [
  { label: "+1 h", name: "1 hour", seconds: HOUR },
  { label: "+1 day", name: "1 day", seconds: 24 * HOUR },
  { label: "+7 days", name: "7 days", seconds: 168 * HOUR },
];
/** How long what was done is said. */
const SAID_MS = 12_000;
const HIDDEN = "berth.sandbox.hidden";

const SandboxBar = () => {
  const [isHidden, setIsHidden] = createSignal(sessionStorage.getItem(HIDDEN) !== null);
  const [isOpen, setIsOpen] = createSignal(false);
  /** What is under way, and how far: 0 to 1, or null where that is not known. */
  const [work, setWork] = createSignal<{ what: string; share: (() => number) | null } | null>(null);
  const [said, setSaid] = createSignal("");
  const now = createNow();
  const isAway = () => (sandbox()?.ahead_seconds ?? 0) >= HOUR / 2;

  function hide(hidden: boolean): void {
    if (hidden) sessionStorage.setItem(HIDDEN, "");
    else sessionStorage.removeItem(HIDDEN);
    setIsHidden(hidden);
  }

  let timer = 0;
  function say(words: string): void {
    clearTimeout(timer);
    setSaid(words);
    timer = window.setTimeout(() => setSaid(""), SAID_MS);
  }
  async function run(what: string, share: (() => number) | null, act: () => Promise<string>) {
    setWork({ what, share });
    clearTimeout(timer);
    setSaid(what);
    say(await act().catch(wordsOf));
    setWork(null);
  }

  const move = ({ name, seconds }: (typeof STEPS)[number]) => {
    const from = nowMs();
    const share = () => Math.min(1, (now() - from) / (seconds * 1000));
    return run(`Moving time by ${name}.`, share, async () => {
      const { complete, open } = await advance(seconds);
      if (complete) return `It is ${name} later, and all that was due has happened.`;
      return open.length > 0
        ? `Stopped on the way. Still in flight: ${open.join(", ")}.`
        : "Stopped on the way: it takes too long. Move on from here.";
    });
  };
  const payThis = (bolt11: string) =>
    run("Paying.", null, async () => `Paid ${sats(await pay(bolt11))} from the sandbox's wallet.`);

  const lookAgain = (): void => {
    if (document.visibilityState === "visible") void look();
  };
  onMount(() => {
    void look();
    document.addEventListener("visibilitychange", lookAgain);
    // What has the focus is not left under the bar.
    document.documentElement.style.scrollPaddingBottom = "64px";
  });
  onCleanup(() => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", lookAgain);
  });

  return (
    <Show
      when={!isHidden()}
      fallback={
        <Button
          size="compact"
          class="fixed bottom-3 left-3 z-20 text-soft"
          onClick={() => hide(false)}
        >
          Sandbox
        </Button>
      }
    >
      <aside aria-label="Sandbox" class="sticky bottom-0 z-20 border-t border-line bg-tint">
        <Show when={isOpen()}>
          <Tools
            onSay={say}
            onHide={() => hide(true)}
            time={
              <Show when={payable()}>
                <MoveTime
                  disabled={work() !== null}
                  onMove={(step) => void move(step)}
                  class="sm:hidden"
                />
              </Show>
            }
          />
        </Show>
        <Progress share={work()?.share?.() ?? null} />
        <div class="page flex min-h-[52px] flex-wrap items-center gap-x-3 gap-y-1 py-1.5">
          <p class="mr-auto min-w-0 text-sm leading-tight">
            <span class="font-semibold max-sm:sr-only">Sandbox </span>
            <span class="font-mono text-[13px] whitespace-nowrap">{moment(now(), now())}</span>
            <Show when={isAway()}>
              <span class="text-soft max-lg:block max-sm:text-[13px]">
                {" "}
                {span((sandbox()?.ahead_seconds ?? 0) * 1000)} ahead
              </span>
            </Show>
          </p>
          <p
            role="status"
            class="text-sm text-soft max-md:order-first max-md:basis-full max-md:pt-1 empty:hidden"
          >
            {said()}
          </p>
          <Show when={payable()}>
            {(bolt11) => (
              <Button
                size="compact"
                busy={work()?.what === "Paying."}
                disabled={work() !== null}
                onClick={() => void payThis(bolt11())}
              >
                <Zap aria-hidden="true" /> Pay
              </Button>
            )}
          </Show>
          <MoveTime
            disabled={work() !== null}
            onMove={(step) => void move(step)}
            class={payable() ? "max-sm:hidden" : undefined}
          />
          <Button
            variant="ghost"
            size="icon"
            class="-mr-2"
            aria-label="Sandbox tools"
            aria-expanded={isOpen()}
            onClick={() => setIsOpen((open) => !open)}
          >
            <Show when={isOpen()} fallback={<ChevronUp aria-hidden="true" />}>
              <ChevronDown aria-hidden="true" />
            </Show>
          </Button>
        </div>
      </aside>
    </Show>
  );
};
export default SandboxBar;

const MoveTime = (props: {
  disabled: boolean;
  onMove: (step: (typeof STEPS)[number]) => void;
  class?: string | undefined;
}) => (
  <fieldset class={clsx("flex", props.class)} disabled={props.disabled}>
    <legend class="sr-only">Move time</legend>
    <For each={STEPS}>
      {(step) => (
        <button
          type="button"
          class="-ml-px min-h-10 border border-line bg-raised px-3 text-sm font-semibold first-of-type:rounded-l-control last-of-type:rounded-r-control hover:bg-tint disabled:text-soft max-sm:px-2.5"
          onClick={() => props.onMove(step)}
        >
          {step.label}
        </button>
      )}
    </For>
  </fieldset>
);

/** A hairline that fills while time moves. */
const Progress = (props: { share: number | null }) => (
  <div aria-hidden="true" class="-mt-px h-px">
    <div
      class="h-full origin-left bg-harbour transition-[scale] duration-300"
      style={{ scale: `${props.share ?? 0} 1` }}
    />
  </div>
);
