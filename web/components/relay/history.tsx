import { createSignal, For, Match, onMount, Show, Switch } from "solid-js";
import { wordsOf } from "../../lib/api/api.ts";
import type { RelayReplica } from "../../lib/live/live.ts";
import { type HistoryEntry, historyOf } from "../../lib/relays/acts.ts";
import { toneOf } from "../../lib/words/tone.ts";
import { Button } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { Time } from "../time.tsx";

const PAGE = 20;
const WHO = { owner: "You", operator: "The operator" } as const;

/** What happened to a relay, newest first. Asked for when it is looked at, since that needs a signature. */
const RelayHistory = (props: { relay: RelayReplica }) => {
  const [entries, setEntries] = createSignal<HistoryEntry[]>([]);
  const [total, setTotal] = createSignal<number | null>(null);
  const [readAt, setReadAt] = createSignal(0);
  const [isBusy, setIsBusy] = createSignal(true);
  const [problem, setProblem] = createSignal<string | null>(null);

  async function load(isFresh: boolean): Promise<void> {
    const rev = props.relay.rev;
    setIsBusy(true);
    setProblem(null);
    try {
      const before = isFresh ? [] : entries();
      const page = await historyOf(props.relay.context.id, PAGE, before.length);
      setEntries([...before, ...page.items]);
      setTotal(page.total);
      if (isFresh) setReadAt(rev);
    } catch (error) {
      setProblem(wordsOf(error));
    } finally {
      setIsBusy(false);
    }
  }
  onMount(() => void load(true));
  const isBehind = () => total() !== null && !isBusy() && props.relay.rev > readAt();

  return (
    <div class="max-w-[760px]">
      <Show when={isBehind()}>
        <div class="mb-4 flex flex-wrap items-center justify-between gap-3">
          <p class="text-soft">Something happened since you opened this.</p>
          <Button size="small" onClick={() => void load(true)}>
            Show it
          </Button>
        </div>
      </Show>
      <Show when={total() !== null || !isBusy()} fallback={<Loading />}>
        <ol aria-label="History, newest first" class="rounded-card border border-line bg-raised">
          <For each={entries()}>{(entry) => <Entry entry={entry} />}</For>
        </ol>
      </Show>
      <Show when={problem()}>
        {(words) => (
          <Callout tone="suspended" role="alert" class="mt-4">
            <div class="flex flex-wrap items-center justify-between gap-3">
              <p>{words()}</p>
              <Button size="small" onClick={() => void load(total() === null)}>
                Try again
              </Button>
            </div>
          </Callout>
        )}
      </Show>
      <Switch>
        {/* What came meanwhile would push older entries onto the next page, to be read twice. */}
        <Match when={(total() ?? 0) > entries().length && !isBehind()}>
          <div class="mt-4 flex flex-wrap items-center gap-4">
            <Button busy={isBusy()} onClick={() => void load(false)}>
              Load more
            </Button>
            <p class="text-sm text-soft">
              {entries().length} of {total()}
            </p>
          </div>
        </Match>
      </Switch>
    </div>
  );
};

const Entry = (props: { entry: HistoryEntry }) => (
  <li
    data-tone={toneOf(props.entry.status)}
    class="tone flex gap-3 border-line px-5 py-3.5 not-first:border-t max-sm:px-4"
  >
    <span aria-hidden="true" class="mt-2 size-2 shrink-0 rounded-full bg-(--tone)" />
    <div class="min-w-0 grow">
      <p class="break-words">
        <For each={sentence(props.entry.what).split(INSTANT)}>
          {(piece) => (INSTANT.test(piece) ? <Time at={Date.parse(piece)} form="date" /> : piece)}
        </For>
      </p>
      <p class="text-sm text-soft">
        {props.entry.by === null ? "Berth" : WHO[props.entry.by]} ·{" "}
        <Time at={props.entry.at * 1000} /> · {props.entry.status}
      </p>
    </div>
  </li>
);

/** When something is, as the server writes it; shown in the reader's zone. */
const INSTANT = /(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z)/;

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

const Loading = () => (
  <div role="status" class="rounded-card border border-line bg-raised">
    <span class="sr-only">The history is loading.</span>
    <For each={[0, 1, 2, 3]}>
      {() => (
        <div class="border-line px-5 py-3.5 not-first:border-t">
          <Skeleton class="w-72 max-w-full" />
          <Skeleton class="mt-2 h-4 w-48 max-w-full" />
        </div>
      )}
    </For>
  </div>
);

export default RelayHistory;
