import { Toast, toaster } from "@kobalte/core/toast";
import { X } from "lucide-solid";
import { Portal } from "solid-js/web";

type Tone = "active" | "suspended" | "neutral";

/** Says what happened, in a sentence, without taking the focus. */
export const say = (text: string, tone: Tone = "active"): void => {
  toaster.show((props) => (
    <Toast
      toastId={props.toastId}
      data-tone={tone}
      class="rise tone flex items-center gap-3 rounded-[12px] border border-line bg-raised py-2.5 pr-2 pl-4 shadow-[0_16px_40px_-20px_oklch(0.2_0.05_240/0.45)]"
    >
      <span aria-hidden="true" class="size-2 shrink-0 rounded-full bg-(--tone)" />
      <Toast.Description class="grow text-[15px]">{text}</Toast.Description>
      <Toast.CloseButton
        aria-label="Dismiss"
        class="grid size-8 shrink-0 place-items-center rounded-[8px] text-soft hover:bg-tint"
      >
        <X aria-hidden="true" class="size-4" />
      </Toast.CloseButton>
    </Toast>
  ));
};

/** Where toasts stand; once per app. */
export const Toasts = () => (
  <Portal>
    <Toast.Region duration={5_000} limit={3} swipeDirection="right">
      <Toast.List class="fixed right-4 bottom-4 z-[60] flex w-[min(400px,calc(100vw-32px))] flex-col gap-2 outline-none" />
    </Toast.Region>
  </Portal>
);
