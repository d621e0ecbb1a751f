import { type JSX, Show } from "solid-js";
import { useLive } from "../lib/live/live.ts";

/** In the place of what is on its way: its outline; where it does not come by itself, that it does not. */
export const Awaited = (props: { children: JSX.Element }) => {
  const live = useLive();
  return (
    <Show
      when={live.link().is !== "stopped"}
      fallback={
        <section class="rounded-card border border-line bg-raised px-8 py-10 max-sm:px-5 max-sm:py-8">
          <h2 class="text-2xl">Nothing is shown yet</h2>
          <p class="mt-2 max-w-[60ch] text-soft">
            One signature of yours opens what is yours, and it has not come. Nothing is lost, and
            your relays run on. The line above says why; try again there.
          </p>
        </section>
      }
    >
      {props.children}
    </Show>
  );
};
