import { createEffect, createSignal, on, onCleanup, Show } from "solid-js";
import { asked } from "../lib/signers/asked.ts";
import { Spinner } from "../ui/spinner.tsx";

/** A signer that is set to approve by itself answers sooner than this. */
const QUIET_MS = 2_500;

/** Says that something waits for a signer, whatever page one is on. */
const SignerNotice = () => {
  const [isLate, setIsLate] = createSignal(false);
  createEffect(
    on(asked, (now) => {
      setIsLate(false);
      if (!now) return;
      const timer = setTimeout(() => setIsLate(true), now.url ? 0 : QUIET_MS);
      onCleanup(() => clearTimeout(timer));
    }),
  );
  return (
    <div
      role="status"
      class="pointer-events-none fixed inset-x-0 bottom-4 z-50 grid justify-items-center px-4"
    >
      <Show when={isLate() && asked()}>
        {(now) => (
          <div class="rise pointer-events-auto flex max-w-full items-center gap-3 rounded-[12px] border border-line bg-raised px-4 py-3 text-[15px] shadow-[0_16px_40px_-20px_oklch(0.2_0.05_240/0.45)]">
            <Spinner class="shrink-0 text-harbour" />
            <Show
              when={now().url}
              fallback={
                <p>
                  {now().by === "extension"
                    ? "Waiting for your extension. Approve the request in its window."
                    : "Waiting for your signer. Open it and approve the request."}
                </p>
              }
            >
              {(url) => (
                <p>
                  Your signer wants you to approve this.{" "}
                  <a
                    href={url()}
                    target="_blank"
                    rel="noopener noreferrer"
                    class="link font-semibold"
                  >
                    Approve it at {new URL(url()).host}
                  </a>
                </p>
              )}
            </Show>
          </div>
        )}
      </Show>
    </div>
  );
};
export default SignerNotice;
