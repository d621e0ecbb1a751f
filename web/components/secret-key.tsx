import { Download, Eye, EyeOff } from "lucide-solid";
import { createSignal, Show, Suspense } from "solid-js";
import { lazyPage } from "../lib/page/lazy-page.ts";
import { Button } from "../ui/button.tsx";
import { Disclosure } from "../ui/disclosure.tsx";
import { CopyButton } from "./copy.tsx";

const LockedKey = lazyPage(() => import("./locked-key.tsx"));

/**
 * A secret key to be saved: hidden until it is asked for, to copy, to download, or to write down.
 * @param props.name - of whose it is, for the file; may be empty. @param props.onSaved - in one of these ways
 */
export const SecretKey = (props: { nsec: string; name: string; onSaved?: () => void }) => {
  const [isShown, setIsShown] = createSignal(false);
  const show = (): void => {
    setIsShown(!isShown());
    // What is shown can be written down: paper is as good as a file.
    if (isShown()) props.onSaved?.();
  };
  const download = (): void => {
    const file = new Blob([fileOf(props.nsec, props.name)], { type: "text/plain" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = "nostr-secret-key.txt";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
    props.onSaved?.();
  };
  return (
    <div class="rounded-card border border-line bg-raised">
      <div class="flex items-start justify-between gap-3 px-4 pt-3 pb-4">
        <div class="min-w-0">
          <p class="text-sm text-soft" id="key-label">
            Your secret key
          </p>
          {/* biome-ignore lint/a11y/useSemanticElements: it is text to read, not a form's result. */}
          <p
            role="group"
            aria-labelledby="key-label"
            class="mt-1 font-mono text-[15px] leading-relaxed break-all"
          >
            <Show when={isShown()} fallback={<Masked />}>
              {props.nsec}
            </Show>
          </p>
        </div>
        <Button
          size="icon"
          variant="ghost"
          aria-label={isShown() ? "Hide the key" : "Show the key"}
          onClick={show}
        >
          <Show when={isShown()} fallback={<Eye aria-hidden="true" />}>
            <EyeOff aria-hidden="true" />
          </Show>
        </Button>
      </div>
      <div class="flex flex-wrap gap-2 border-t border-line p-3">
        <CopyButton
          text={props.nsec}
          label="Copy"
          size="small"
          class="min-h-10"
          onCopied={() => props.onSaved?.()}
        />
        <Button size="small" class="min-h-10" onClick={download}>
          <Download aria-hidden="true" /> Download as a file
        </Button>
      </div>
      <div class="border-t border-line px-4 py-1">
        <Disclosure title="Lock it with a password">
          <Suspense>
            <LockedKey nsec={props.nsec} onSaved={() => props.onSaved?.()} />
          </Suspense>
        </Disclosure>
      </div>
    </div>
  );
};

const NSEC_LENGTH = 63;
const Masked = () => (
  <>
    nsec1<span aria-hidden="true">{"•".repeat(NSEC_LENGTH - 5)}</span>
    <span class="sr-only">hidden</span>
  </>
);

const fileOf = (nsec: string, name: string): string =>
  `Nostr secret key${name.trim() === "" ? "" : ` of ${name.trim()}`}\n\n${nsec}\n\nWhoever has this key is you, in every Nostr app. Keep it to yourself.\nPaste it only into an app that you trust with your whole account.\n`;
