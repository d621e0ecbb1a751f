import { TextField } from "@kobalte/core/text-field";
import { Eye, EyeOff } from "lucide-solid";
import { createSignal, type JSX, Show } from "solid-js";
import { cn } from "./cn.ts";
import { inputClass } from "./field.tsx";

/** A field for what nobody should read over a shoulder; it can be shown while it is checked. */
export const SecretField = (props: {
  label: JSX.Element;
  value: string;
  onInput: (value: string) => void;
  hint?: JSX.Element;
  error?: string | null;
  placeholder?: string;
  disabled?: boolean;
  maxLength?: number;
  ref?: (element: HTMLInputElement) => void;
}) => {
  const [isShown, setIsShown] = createSignal(false);
  return (
    <TextField
      value={props.value}
      onChange={props.onInput}
      disabled={props.disabled}
      validationState={props.error ? "invalid" : "valid"}
      class="flex flex-col gap-1.5"
    >
      <TextField.Label class="text-[15px] font-semibold">{props.label}</TextField.Label>
      <div class="relative">
        <TextField.Input
          ref={props.ref}
          type={isShown() ? "text" : "password"}
          placeholder={props.placeholder}
          maxLength={props.maxLength}
          // It is no password of this site: nothing should offer to keep it.
          autocomplete="off"
          data-1p-ignore=""
          data-lpignore="true"
          autocapitalize="none"
          spellcheck={false}
          class={cn(inputClass, "pr-12 font-mono text-[15px]")}
        />
        <button
          type="button"
          aria-label="Show what is typed"
          aria-pressed={isShown()}
          disabled={props.disabled}
          class="absolute top-0.5 right-0.5 grid size-10 place-items-center rounded-control text-soft hover:text-ink disabled:opacity-60"
          onClick={() => setIsShown(!isShown())}
        >
          <Show when={isShown()} fallback={<Eye aria-hidden="true" class="size-5" />}>
            <EyeOff aria-hidden="true" class="size-5" />
          </Show>
        </button>
      </div>
      <Show when={props.hint && !props.error}>
        <TextField.Description class="text-sm text-soft">{props.hint}</TextField.Description>
      </Show>
      <TextField.ErrorMessage class="text-sm text-suspended">{props.error}</TextField.ErrorMessage>
    </TextField>
  );
};
