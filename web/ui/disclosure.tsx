import { ChevronRight } from "lucide-solid";
import { createSignal, type JSX, Show } from "solid-js";
import { cn } from "./cn.ts";

/** Something that is shown when it is asked for; what it holds is made only then. */
export const Disclosure = (props: {
  title: JSX.Element;
  children: JSX.Element;
  class?: string;
  onOpen?: () => void;
}) => {
  const [wasOpened, setWasOpened] = createSignal(false);
  return (
    <details
      data-slot="disclosure"
      class={cn("group", props.class)}
      onToggle={(event) => {
        if (!event.currentTarget.open) return;
        setWasOpened(true);
        props.onOpen?.();
      }}
    >
      <summary class="-mx-2 flex min-h-11 w-fit cursor-pointer list-none items-center gap-2 rounded-control px-2 font-semibold hover:bg-tint [&::-webkit-details-marker]:hidden">
        <ChevronRight
          aria-hidden="true"
          class="size-[18px] shrink-0 text-soft transition-transform group-open:rotate-90"
        />
        {props.title}
      </summary>
      <Show when={wasOpened()}>{props.children}</Show>
    </details>
  );
};
