import { Check, Copy as CopyIcon } from "lucide-solid";
import { createSignal, onCleanup, Show } from "solid-js";
import { Button, type ButtonProps } from "../ui/button.tsx";
import { say } from "../ui/toast.tsx";

/** Copies `text`; says so in its own place, and to screen readers. */
export const CopyButton = (
  props: { text: string; label: string; onCopied?: () => void } & Pick<
    ButtonProps,
    "variant" | "size" | "class"
  >,
) => {
  const [isCopied, setIsCopied] = createSignal(false);
  let timer = 0;
  onCleanup(() => clearTimeout(timer));
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(props.text);
    } catch {
      say("The browser did not let us copy. Select the text and copy it by hand.", "suspended");
      return;
    }
    setIsCopied(true);
    props.onCopied?.();
    clearTimeout(timer);
    timer = window.setTimeout(() => setIsCopied(false), 2_000);
  }
  return (
    <Button variant={props.variant} size={props.size} class={props.class} onClick={copy}>
      <Show when={isCopied()} fallback={<CopyIcon aria-hidden="true" />}>
        <Check aria-hidden="true" class="text-active" />
      </Show>
      <span aria-live="polite" class={props.size === "icon" ? "sr-only" : undefined}>
        {isCopied() ? "Copied" : props.label}
      </span>
    </Button>
  );
};
