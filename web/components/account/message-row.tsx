import { ChevronDown } from "lucide-solid";
import { createSignal, createUniqueId, For, Show } from "solid-js";
import { nowMs } from "../../lib/live/clock.ts";
import type { Message } from "../../lib/notices/message.ts";
import { plainRelay } from "../../lib/notices/relay-address.ts";
import { DELIVERY, deliveryMeaning, pieces, stageWords } from "../../lib/notices/words.ts";
import { moment } from "../../lib/words/format.ts";
import { StateBadge } from "../state-badge.tsx";

/** One message; opened, it says all that was said and what became of it. */
export const MessageRow = (props: { message: Message }) => {
  const [isOpen, setIsOpen] = createSignal(false);
  const id = createUniqueId();
  return (
    <li>
      <button
        type="button"
        aria-expanded={isOpen()}
        aria-controls={id}
        class="grid w-full grid-cols-[1fr_auto_auto] items-start gap-x-4 px-5 py-3.5 text-left hover:bg-tint focus-visible:-outline-offset-2 max-sm:grid-cols-[1fr_auto] max-sm:px-4"
        onClick={() => setIsOpen(!isOpen())}
      >
        <span class="min-w-0">
          <span class="block font-medium wrap-anywhere">
            {props.message.subject ?? stageWords(props.message.stage)}
          </span>
          <span class="block text-sm text-soft">
            {stageWords(props.message.stage)} · {moment(props.message.createdAt, nowMs())}
          </span>
        </span>
        <StateBadge
          status={props.message.status}
          label={DELIVERY[props.message.status]}
          class="max-sm:order-3 max-sm:mt-2 max-sm:justify-self-start"
        />
        <ChevronDown
          aria-hidden="true"
          class={`mt-1 size-[18px] text-soft transition-transform ${isOpen() ? "rotate-180" : ""}`}
        />
      </button>
      <div id={id} hidden={!isOpen()}>
        <Show when={isOpen()}>
          <div class="flex flex-col gap-4 border-t border-line px-5 pt-3.5 pb-5 max-sm:px-4">
            <Became message={props.message} />
            <Show
              when={props.message.text}
              fallback={<p class="text-[15px] text-soft">It is still being written.</p>}
            >
              {(text) => (
                <div class="max-w-[72ch] rounded-control border border-line bg-paper px-4 py-3 text-[15px] whitespace-pre-line wrap-anywhere">
                  <For each={pieces(text(), location.origin)}>
                    {(piece) => (
                      <Show
                        when={piece.path}
                        fallback={
                          <Show when={piece.isCode} fallback={piece.text}>
                            <code class="font-mono text-sm break-all text-soft">{piece.text}</code>
                          </Show>
                        }
                      >
                        {(path) => (
                          <a href={path()} class="link">
                            {piece.text}
                          </a>
                        )}
                      </Show>
                    )}
                  </For>
                </div>
              )}
            </Show>
          </div>
        </Show>
      </div>
    </li>
  );
};

/** Delivered to which relays, or why not. */
const Became = (props: { message: Message }) => (
  <div class="text-[15px] text-soft">
    <p>{deliveryMeaning(props.message.status)}</p>
    <Show when={props.message.relays.length > 0}>
      <ul aria-label="Relays" class="mt-1 flex flex-wrap gap-x-4">
        <For each={props.message.relays}>
          {(relay) => <li class="font-mono text-sm break-all">{plainRelay(relay)}</li>}
        </For>
      </ul>
    </Show>
  </div>
);
