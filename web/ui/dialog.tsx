import { Dialog as Primitive } from "@kobalte/core/dialog";
import { X } from "lucide-solid";
import { createComputed, createMemo, type JSX, Show } from "solid-js";
import { cn } from "./cn.ts";

/** A question or a form above the page. Escape and the cross close it. */
export const Dialog = (props: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: JSX.Element;
  description?: JSX.Element;
  children?: JSX.Element;
  class?: string;
}) => {
  // Kobalte gives the focus back to a trigger of its own; here it is whatever opened it.
  let opener: Element | null = null;
  // A memo, because what is shown may change while it is open, and then the focus is in here.
  const isOpen = createMemo(() => props.open);
  createComputed(() => {
    if (isOpen()) opener = document.activeElement;
  });
  const giveBack = (): void => {
    if (opener instanceof HTMLElement && opener.isConnected) opener.focus({ preventScroll: true });
  };
  return (
    <Primitive open={props.open} onOpenChange={props.onOpenChange}>
      <Primitive.Portal>
        <Primitive.Overlay class="fixed inset-0 z-40 bg-[oklch(0.2_0.03_240/0.45)]" />
        <div class="fixed inset-0 z-50 grid place-items-center overflow-y-auto p-4">
          <Primitive.Content
            data-slot="dialog"
            onCloseAutoFocus={giveBack}
            class={cn(
              "rise w-full max-w-[520px] rounded-card border border-line bg-raised p-6 shadow-[0_24px_64px_-24px_oklch(0.2_0.05_240/0.5)] max-sm:p-5",
              props.class,
            )}
          >
            <div class="mb-3 flex items-start justify-between gap-4">
              <Primitive.Title class="min-w-0 text-[22px] wrap-anywhere">
                {props.title}
              </Primitive.Title>
              <Primitive.CloseButton
                aria-label="Close"
                class="-mt-1 -mr-2 grid size-9 shrink-0 place-items-center rounded-control text-soft hover:bg-tint"
              >
                <X aria-hidden="true" class="size-5" />
              </Primitive.CloseButton>
            </div>
            <Show when={props.description}>
              <Primitive.Description class="mb-4 text-soft">
                {props.description}
              </Primitive.Description>
            </Show>
            {props.children}
          </Primitive.Content>
        </div>
      </Primitive.Portal>
    </Primitive>
  );
};
