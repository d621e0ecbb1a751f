import { clsx } from "clsx";
import { Check } from "lucide-solid";
import { createMemo, For, type JSX, Show } from "solid-js";
import type { AnyStateMachine } from "xstate";
import { meaningOf, pathOf } from "../../machines/describe.ts";
import { toneOf } from "../lib/words/tone.ts";

/**
 * A machine drawn small from its own definition: its states in order, the present one lit, those that
 * were gone through marked. What a state means shows on hover, in the words of the definition.
 *
 * @param props.states - which of its top states to draw, in order
 * @param props.value - the present state's value; null lights nothing
 * @param props.notes - what to say beside a state
 * @param props.past - the states that were gone through; those drawn before the present one if absent
 * @param props.meaning - says below what the present state means, down to its innermost part
 * @param props.onSelect - makes a button of each state
 */
export const MachineView = (props: {
  machine: AnyStateMachine;
  states: readonly string[];
  value: unknown;
  notes?: Record<string, JSX.Element>;
  label: string;
  past?: readonly string[];
  meaning?: boolean;
  onSelect?: (state: string) => void;
  class?: string;
}) => {
  const lit = createMemo(() =>
    props.value === null ? null : (pathOf(props.machine, props.value)[0]?.key ?? null),
  );
  const past = (): readonly string[] =>
    props.past ?? props.states.slice(0, Math.max(0, props.states.indexOf(lit() ?? "")));
  const markOf = (state: string) =>
    lit() === state ? "lit" : past().includes(state) ? "past" : "ahead";

  return (
    <div data-slot="machine" class={props.class}>
      <ol aria-label={props.label} class="flex flex-col gap-3">
        <For each={props.states}>
          {(state) => (
            <State
              name={state}
              mark={markOf(state)}
              description={meaningOf(props.machine, stateValue(props.machine, state))}
              note={props.notes?.[state]}
              onSelect={props.onSelect && (() => props.onSelect?.(state))}
            />
          )}
        </For>
      </ol>
      <Show when={props.meaning && lit() !== null}>
        <p class="mt-4 text-[15px] text-soft">{meaningOf(props.machine, props.value)}</p>
      </Show>
    </div>
  );
};

/** The value of a top state by its name, as far as it is said by that. */
const stateValue = (machine: AnyStateMachine, state: string): unknown =>
  machine.root.type === "parallel" ? { status: state } : state;

type Mark = "past" | "lit" | "ahead";

const frame =
  "flex min-h-11 w-full items-center gap-3 rounded-control border px-3 py-1.5 text-left text-[15px] transition-[background-color,border-color,color] duration-[180ms] ease-out";
const frames: Record<Mark, string> = {
  lit: "border-(--tone) bg-[color-mix(in_oklab,var(--tone)_10%,var(--raised))] text-ink",
  past: "border-line text-soft",
  ahead: "border-line text-soft",
};

const State = (props: {
  name: string;
  mark: Mark;
  description: string;
  note: JSX.Element;
  onSelect?: () => void;
}) => {
  const content = () => (
    <>
      <Marker mark={props.mark} />
      <span class={props.mark === "lit" ? "font-semibold" : undefined}>
        {props.name}
        <Show when={props.mark === "past"}>
          <span class="sr-only">, gone through</span>
        </Show>
      </span>
      <Show when={props.note}>
        <span class="ml-auto text-right text-sm font-normal text-soft">{props.note}</span>
      </Show>
    </>
  );
  return (
    <li
      aria-current={props.mark === "lit" ? "step" : undefined}
      data-tone={toneOf(props.name)}
      data-mark={props.mark}
      title={props.description}
      class={clsx(
        // The line from the state before, which thickens once it was gone along.
        "tone relative before:absolute before:-top-3 before:left-5 before:h-3 before:w-px before:-translate-x-1/2 before:bg-line before:transition-[width,background-color] before:duration-[180ms] first:before:hidden",
        props.mark !== "ahead" && "before:w-0.5 before:bg-edge",
      )}
    >
      <Show
        when={props.onSelect}
        fallback={<div class={clsx(frame, frames[props.mark])}>{content()}</div>}
      >
        <button
          type="button"
          class={clsx(frame, frames[props.mark], props.mark !== "lit" && "hover:bg-tint")}
          onClick={() => props.onSelect?.()}
        >
          {content()}
        </button>
      </Show>
    </li>
  );
};

/** A dot in the state's colour, haloed where it is lit; a tick where it was gone through. */
const Marker = (props: { mark: Mark }) => (
  <span aria-hidden="true" class="grid size-4 shrink-0 place-items-center text-(--tone)">
    <span
      class={clsx(
        "col-start-1 row-start-1 size-2 rounded-full bg-current transition-[scale,box-shadow] duration-[180ms] ease-out",
        props.mark === "past" && "scale-0",
        props.mark === "lit" &&
          "shadow-[0_0_0_4px_color-mix(in_oklab,var(--tone)_22%,transparent)]",
      )}
    />
    <Check
      stroke-width="3"
      class={clsx(
        "col-start-1 row-start-1 size-3.5 transition-[scale,opacity] duration-[180ms] ease-out",
        props.mark !== "past" && "scale-50 opacity-0",
      )}
    />
  </span>
);
