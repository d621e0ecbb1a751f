import { For, type JSX, Show } from "solid-js";
import type { AnyStateMachine } from "xstate";
import { pathOf } from "../../machines/describe.ts";
import { toneOf } from "../lib/tone.ts";

/**
 * A machine drawn small from its own definition, with its present state lit.
 * @param props.states - which of its top states to draw, in order
 * @param props.value - the present state's value; null lights nothing
 * @param props.notes - what to say beside a state
 */
export const MachineView = (props: {
  machine: AnyStateMachine;
  states: readonly string[];
  value: unknown;
  notes?: Record<string, JSX.Element>;
  label: string;
}) => {
  const lit = () =>
    props.value === null ? null : (pathOf(props.machine, props.value)[0]?.key ?? null);
  return (
    <ol aria-label={props.label} class="flex flex-col gap-3">
      <For each={props.states}>
        {(state) => (
          <li
            aria-current={lit() === state ? "step" : undefined}
            data-tone={toneOf(state)}
            class="tone flex min-h-11 items-center gap-3 rounded-control border border-line px-3 text-[15px] text-soft transition-colors aria-[current]:border-(--tone) aria-[current]:bg-[color-mix(in_oklab,var(--tone)_10%,var(--raised))] aria-[current]:font-semibold aria-[current]:text-ink"
          >
            <span aria-hidden="true" class="size-2 rounded-full bg-(--tone)" />
            <span>{state}</span>
            <Show when={props.notes?.[state]}>
              <span class="ml-auto text-right text-sm font-normal text-soft">
                {props.notes?.[state]}
              </span>
            </Show>
          </li>
        )}
      </For>
    </ol>
  );
};
