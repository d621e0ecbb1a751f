import { TextField } from "@kobalte/core/text-field";
import { type JSX, Show } from "solid-js";
import { cn } from "./cn.ts";

export const inputClass =
  "w-full min-h-11 rounded-control border border-edge bg-raised px-3 text-base text-ink placeholder:text-soft placeholder:opacity-80 data-[invalid]:border-suspended disabled:opacity-60 focus-visible:outline-offset-0";

/** A labelled input with a hint or what is wrong with it, which takes the hint's place. */
export const Field = (props: {
  label: JSX.Element;
  value: string;
  onInput: (value: string) => void;
  name?: string;
  hint?: JSX.Element;
  error?: string | null | undefined;
  lines?: number;
  type?: "text" | "password" | "search";
  placeholder?: string;
  maxLength?: number;
  autocomplete?: string;
  inputMode?: "text" | "url" | "search";
  mono?: boolean;
  required?: boolean;
  disabled?: boolean;
  autofocus?: boolean;
  /** Stands behind the text, within the frame. */
  suffix?: JSX.Element;
  class?: string;
  ref?: (element: HTMLElement) => void;
  onBlur?: () => void;
}) => {
  const shared = () => ({
    ref: props.ref,
    placeholder: props.placeholder,
    maxLength: props.maxLength,
    autocomplete: props.autocomplete ?? "off",
    // What is more than a line is said in somebody's own language.
    autocapitalize: props.lines ? ("sentences" as const) : ("none" as const),
    spellcheck: props.lines !== undefined,
    dir: props.mono ? undefined : ("auto" as const),
    autofocus: props.autofocus,
    onBlur: () => props.onBlur?.(),
  });
  return (
    <TextField
      value={props.value}
      onChange={props.onInput}
      name={props.name}
      required={props.required}
      disabled={props.disabled}
      validationState={props.error ? "invalid" : "valid"}
      class={cn("flex flex-col gap-1.5", props.class)}
    >
      <TextField.Label class="text-[15px] font-semibold">{props.label}</TextField.Label>
      <Show
        when={props.lines}
        fallback={
          <div class="relative flex items-stretch">
            <TextField.Input
              {...shared()}
              type={props.type ?? "text"}
              inputMode={props.inputMode}
              class={cn(
                inputClass,
                props.mono && "font-mono text-[15px]",
                props.suffix && "min-w-0 rounded-r-none border-r-0",
              )}
            />
            <Show when={props.suffix}>
              <span class="flex max-w-[62%] shrink-0 items-center overflow-hidden rounded-r-control border border-edge border-l-line bg-tint px-3 font-mono text-[13px] text-soft sm:text-sm">
                <span class="truncate">{props.suffix}</span>
              </span>
            </Show>
          </div>
        }
      >
        <TextField.TextArea
          {...shared()}
          rows={props.lines}
          class={cn(inputClass, "py-2.5 leading-normal", props.mono && "font-mono text-[15px]")}
        />
      </Show>
      <Show when={props.hint && !props.error}>
        <TextField.Description class="text-sm text-soft">{props.hint}</TextField.Description>
      </Show>
      <TextField.ErrorMessage class="text-sm text-suspended">{props.error}</TextField.ErrorMessage>
    </TextField>
  );
};
