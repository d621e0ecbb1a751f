import { createSignal, For, onMount, Show } from "solid-js";
import { wordsOf } from "../../lib/api/api.ts";
import { type Ban, bansOf, shortKey, unbanPerson } from "../../lib/relays/people.ts";
import { Button } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { say } from "../../ui/toast.tsx";
import { Time } from "../time.tsx";
import { PersonRow } from "./person-row.tsx";

/** Who may not come back, and the way to let them. */
export const Bans = (props: { relay: string; mayAct: boolean }) => {
  const [bans, setBans] = createSignal<Ban[] | null>(null);
  const [busy, setBusy] = createSignal<string | null>(null);
  const [problem, setProblem] = createSignal<string | null>(null);

  const trying = async (work: () => Promise<void>): Promise<void> => {
    setProblem(null);
    await work().catch((error: unknown) => setProblem(wordsOf(error)));
  };
  const load = () =>
    trying(async () => {
      setBans((await bansOf(props.relay)).items);
    });
  const lift = (pubkey: string) =>
    trying(async () => {
      setBusy(pubkey);
      try {
        await unbanPerson(props.relay, pubkey);
        setBans((all) => all?.filter((one) => one.pubkey !== pubkey) ?? null);
        say(`${shortKey(pubkey)} may join again.`);
      } finally {
        setBusy(null);
      }
    });
  onMount(() => void load());

  return (
    <div class="pt-2">
      <Show when={problem()}>
        {(words) => (
          <Callout tone="suspended" role="alert" class="mb-3">
            <div class="flex flex-wrap items-center justify-between gap-3">
              <p>{words()}</p>
              <Show when={bans() === null}>
                <Button size="small" onClick={() => void load()}>
                  Try again
                </Button>
              </Show>
            </div>
          </Callout>
        )}
      </Show>
      <Show
        when={bans()}
        fallback={
          <Show when={!problem()}>
            <Skeleton class="h-16 rounded-card" />
          </Show>
        }
      >
        {(all) => (
          <Show when={all().length > 0} fallback={<p class="text-soft">Nobody is banned.</p>}>
            <ul class="rounded-card border border-line bg-raised">
              <For each={all()}>
                {(ban) => (
                  <PersonRow
                    pubkey={ban.pubkey}
                    about={
                      <>
                        <Show when={ban.reason}>{(why) => `${why()} · `}</Show>
                        <Time at={ban.at * 1000} />
                      </>
                    }
                  >
                    <Show when={props.mayAct}>
                      <Button
                        size="small"
                        busy={busy() === ban.pubkey}
                        aria-label={`Lift the ban of ${shortKey(ban.pubkey)}`}
                        onClick={() => void lift(ban.pubkey)}
                      >
                        Lift the ban
                      </Button>
                    </Show>
                  </PersonRow>
                )}
              </For>
            </ul>
          </Show>
        )}
      </Show>
    </div>
  );
};
