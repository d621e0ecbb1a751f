import { Show } from "solid-js";
import type { Deadline } from "../../lib/billing/due.ts";
import { Time } from "../time.tsx";

/** A deadline, with its exact time and how far that is. */
export const Words = (props: { words: Deadline }) => (
  <p data-tone={props.words.tone} class="tone mt-0.5 text-[15px] text-soft">
    <Show when={props.words.tone !== "waiting"}>
      <span
        aria-hidden="true"
        class="mr-2 inline-block size-2 rounded-full bg-(--tone) align-[1px]"
      />
    </Show>
    {props.words.before}
    <Show when={props.words.at}>
      {(at) => (
        <>
          {" "}
          <Time at={at()} form="date" />, <Time at={at()} form="relative" />.
        </>
      )}
    </Show>
    {props.words.after && ` ${props.words.after}.`}
  </p>
);
