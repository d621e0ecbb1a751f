import { Show } from "solid-js";
import { type CommunityContext, hasRoom } from "../../../machines/community/context.ts";
import { number } from "../../lib/words/format.ts";

/** How many people a relay has, of how many its plan allows. */
export const Meter = (props: { community: CommunityContext }) => {
  const words = () => {
    const { taken, limit } = props.community;
    const people = taken === 1 ? "1 person" : `${number(taken)} people`;
    return limit === null ? people : `${number(taken)} of ${number(limit)} people`;
  };
  return (
    <section aria-label="How many people there are">
      <p class="text-xl font-semibold">{words()}</p>
      <Show when={props.community.limit}>
        {(limit) => (
          <div
            aria-hidden="true"
            data-tone={hasRoom(props.community) ? "active" : "grace"}
            class="tone mt-2 h-2 overflow-hidden rounded-full bg-tint"
          >
            <div
              class="h-full rounded-full bg-(--tone)"
              style={{ width: `${Math.min(100, (props.community.taken / limit()) * 100)}%` }}
            />
          </div>
        )}
      </Show>
      <p class="mt-2 text-soft">
        <Show
          when={hasRoom(props.community)}
          fallback="It is full. Whoever you add goes on the waiting list; a larger plan lets them in at once."
        >
          You are one of them.
        </Show>
      </p>
    </section>
  );
};
