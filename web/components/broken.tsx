import { useLocation } from "@solidjs/router";
import { createEffect, on } from "solid-js";
import { buttonVariants } from "../ui/button-variants.ts";

/** In place of a page that could not be shown: it did not load, or failed. Another page is another try. */
export const Broken = (props: { error: unknown; onAnother: () => void }) => {
  console.error(props.error);
  const location = useLocation();
  createEffect(on(() => location.pathname, props.onAnother, { defer: true }));
  return (
    <div role="alert" class="page pt-6">
      <h1 class="text-4xl max-sm:text-3xl">This page could not be shown</h1>
      <p class="mt-2 max-w-[64ch] text-soft">
        It did not load whole: the connection may have failed, or Berth has a new version. Reload
        the page to go on.
      </p>
      <button
        type="button"
        class={buttonVariants({ variant: "buoy", class: "mt-6" })}
        onClick={() => globalThis.location.reload()}
      >
        Reload
      </button>
    </div>
  );
};
