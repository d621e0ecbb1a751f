import { createMemo, Show } from "solid-js";
import { createNow } from "../lib/live/clock.ts";
import { useLive } from "../lib/live/live.ts";
import { leave } from "../lib/signers/session.ts";
import { Button } from "../ui/button.tsx";

const PATIENCE_MS = 2_500;

/** Says when what is shown is not live, and what becomes of that. */
export const Connection = () => {
  const live = useLive();
  const now = createNow();
  const lostLong = createMemo(() => {
    now();
    const link = live.link();
    return link.is === "lost" && Date.now() - link.sinceMs > PATIENCE_MS;
  });
  const words = () => {
    const link = live.link();
    if (link.is === "offline")
      return live.isReady()
        ? "You are offline. What you see is as it was last known."
        : "You are offline. What is yours is shown as soon as you are back.";
    if (link.is === "stopped") return link.why;
    return lostLong() ? "The connection to Berth is lost. Trying again." : null;
  };
  const isSigner = () => {
    const link = live.link();
    return link.is === "stopped" && link.isSigner;
  };
  return (
    <Show when={words()}>
      {(text) => (
        <div
          role="status"
          class="tone sticky top-0 z-30 border-y border-line bg-[color-mix(in_oklab,var(--grace)_14%,var(--paper))]"
        >
          <div class="page flex flex-wrap items-center justify-between gap-3 py-2 text-[15px]">
            <p>{text()}</p>
            <Show when={live.link().is === "stopped" || lostLong()}>
              <div class="flex flex-wrap gap-2">
                <Button size="small" onClick={() => live.retry()}>
                  Try now
                </Button>
                <Show when={isSigner()}>
                  <Button size="small" variant="ghost" onClick={() => void leave()}>
                    Log in again
                  </Button>
                </Show>
              </div>
            </Show>
          </div>
        </div>
      )}
    </Show>
  );
};
