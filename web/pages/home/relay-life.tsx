import { Pause, Play, SkipForward } from "lucide-solid";
import { createEffect, createMemo, createSignal, onCleanup, Show } from "solid-js";
import { meaningOf, statusOf } from "../../../machines/describe.ts";
import { relayMachine } from "../../../machines/relay/machine.ts";
import { MachineView } from "../../components/machine-view.tsx";
import { StateBadge } from "../../components/state-badge.tsx";
import { relayDomain } from "../../lib/page/settings.ts";
import { day, exactDay, sats } from "../../lib/words/format.ts";
import { buttonVariants } from "../../ui/button-variants.ts";
import { relayLife, type Scene } from "./walk.ts";

const STATES = ["pending", "provisioning", "active", "grace", "suspended"] as const;
/** How long a state is shown: what is short in life is short here. */
const SHOWN_MS: Record<string, number> = { provisioning: 1_400, active: 4_000 };
const SHOWN_ELSE_MS = 3_000;

const CONTROL = buttonVariants({
  variant: "ghost",
  size: "icon",
  class: "text-soft hover:text-ink [&_svg]:fill-current [&_svg]:stroke-1",
});

/** A relay's life, playing: its own machine, drawn from the definition and really stepped. */
export const RelayLife = () => {
  const scenes = relayLife(Date.now());
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const running = scenes.findIndex(({ value }) => statusOf(value) === "active");
  const [index, setIndex] = createSignal(calm.matches ? running : 0);
  const [isPlaying, setIsPlaying] = createSignal(!calm.matches);
  const scene = createMemo(() => scenes[index()] as Scene);
  const status = () => statusOf(scene().value);
  const next = () => setIndex((now) => (now + 1) % scenes.length);

  createEffect(() => {
    if (!isPlaying()) return;
    const timer = setTimeout(next, SHOWN_MS[status()] ?? SHOWN_ELSE_MS);
    onCleanup(() => clearTimeout(timer));
  });
  const stop = (): void => {
    setIsPlaying(false);
  };
  calm.addEventListener("change", stop);
  onCleanup(() => calm.removeEventListener("change", stop));

  function select(state: string): void {
    stop();
    setIndex(scenes.findIndex(({ value }) => statusOf(value) === state));
  }

  const dated = (at: number | null) => (at === null ? "" : day(at, scene().atMs));
  const notes = () => ({
    pending: sats(scene().context.priceSats),
    provisioning: "a second or two",
    active: status() === "active" ? `until ${dated(scene().context.paidThrough)}` : "running",
    grace:
      status() === "grace"
        ? `until ${dated(scene().context.graceEnds)}, runs on`
        : "7 days, runs on",
    suspended: "data kept, pay to resume",
  });

  return (
    <section
      aria-label="A relay's life"
      class="min-w-0 rounded-card border border-line bg-raised p-6 max-sm:p-4"
    >
      <div class="mb-5 flex items-center justify-between gap-4">
        <p class="truncate text-[15px] font-semibold">bookclub.{relayDomain}</p>
        <StateBadge status={status()} />
      </div>
      <MachineView
        machine={relayMachine}
        states={STATES}
        value={scene().value}
        notes={notes()}
        label="States of a relay, in the order of its life"
        onSelect={select}
      />
      <div class="mt-6 border-t border-line pt-3">
        <div class="flex min-h-10 items-center justify-between gap-4">
          <p class="text-sm font-semibold">{exactDay(scene().atMs)}</p>
          <div class="-mr-2 flex shrink-0 text-soft">
            <button
              type="button"
              class={CONTROL}
              aria-label={isPlaying() ? "Pause" : "Play"}
              onClick={() => setIsPlaying((now) => !now)}
            >
              <Show when={isPlaying()} fallback={<Play aria-hidden="true" />}>
                <Pause aria-hidden="true" />
              </Show>
            </button>
            <button
              type="button"
              class={CONTROL}
              aria-label="Next step"
              onClick={() => {
                stop();
                next();
              }}
            >
              <SkipForward aria-hidden="true" />
            </button>
          </div>
        </div>
        <p class="min-h-[66px] sm:min-h-[44px] text-sm leading-[22px] text-soft">
          {meaningOf(relayMachine, scene().value)}
        </p>
      </div>
    </section>
  );
};
