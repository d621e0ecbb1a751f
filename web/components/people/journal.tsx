import { createSignal, For, onMount, Show } from "solid-js";
import { wordsOf } from "../../lib/api/api.ts";
import { type JournalEntry, journalOf, shortKey } from "../../lib/relays/people.ts";
import { Button } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { Time } from "../time.tsx";

const PAGE = 20;
/** Who did it, where it was not the owner. */
const WHO: Partial<Record<JournalEntry["as"], string>> = {
  platform: "Berth",
  elsewhere: "By another app",
  member: "By a link",
};

/** What became of somebody, as a sentence begun with their key. */
const ACTS: Record<string, string> = {
  added: "was let in",
  waiting: "was put on the waiting list",
  admitted: "was let in from the waiting list",
  removed: "was removed",
  banned: "was banned",
  unbanned: "may join again",
  joined: "came in",
  left: "left, or was removed by another app",
  restored: "was lost by the relay server, and is back",
  refused: "could not be changed in the relay server",
};

/** Who did what to whom in a relay, newest first. */
export const CommunityJournal = (props: { relay: string; owner: string }) => {
  const [entries, setEntries] = createSignal<JournalEntry[]>([]);
  const [total, setTotal] = createSignal<number | null>(null);
  const [isBusy, setIsBusy] = createSignal(true);
  const [problem, setProblem] = createSignal<string | null>(null);

  async function load(): Promise<void> {
    setIsBusy(true);
    setProblem(null);
    try {
      const page = await journalOf(props.relay, PAGE, entries().length);
      setEntries((before) => [...before, ...page.items]);
      setTotal(page.total);
    } catch (error) {
      setProblem(wordsOf(error));
    } finally {
      setIsBusy(false);
    }
  }
  onMount(() => void load());
  const who = ({ as, by }: JournalEntry): string => WHO[as] ?? (by === props.owner ? "You" : "");

  return (
    <div class="pt-2">
      <Show when={total() !== null || !isBusy()} fallback={<Skeleton class="h-32 rounded-card" />}>
        <Show
          when={entries().length > 0}
          fallback={
            <Show when={!problem()}>
              <p class="text-soft">Nothing happened yet.</p>
            </Show>
          }
        >
          <ol class="rounded-card border border-line bg-raised">
            <For each={entries()}>
              {(entry) => (
                <li class="border-line px-5 py-3.5 not-first:border-t max-sm:px-4">
                  <p class="break-words">
                    <span class="font-mono text-[15px]">{shortKey(entry.pubkey)}</span>{" "}
                    {ACTS[entry.act] ?? entry.act}
                    <Show when={entry.reason}>{(why) => `: ${why()}`}</Show>
                  </p>
                  <p class="text-sm text-soft">
                    {who(entry)} · <Time at={entry.at * 1000} />
                  </p>
                </li>
              )}
            </For>
          </ol>
        </Show>
      </Show>
      <Show when={problem()}>
        {(words) => (
          <Callout tone="suspended" role="alert" class="mt-3">
            <div class="flex flex-wrap items-center justify-between gap-3">
              <p>{words()}</p>
              <Button size="small" onClick={() => void load()}>
                Try again
              </Button>
            </div>
          </Callout>
        )}
      </Show>
      <Show when={(total() ?? 0) > entries().length}>
        <Button class="mt-4" busy={isBusy()} onClick={() => void load()}>
          Load more
        </Button>
      </Show>
    </div>
  );
};
