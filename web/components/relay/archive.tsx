import { createSignal, Show } from "solid-js";
import { wordsOf } from "../../lib/api/api.ts";
import { type RelayReplica, useLive } from "../../lib/live/live.ts";
import { setArchived } from "../../lib/relays/acts.ts";
import { Button } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";
import { say } from "../../ui/toast.tsx";

/** For one that is deactivated: out of the list, or back into it. */
export const Archiving = (props: { relay: RelayReplica }) => {
  const live = useLive();
  const [isBusy, setIsBusy] = createSignal(false);
  const [problem, setProblem] = createSignal<string | null>(null);
  const c = () => props.relay.context;
  const isArchived = () => c().archivedAt !== null;
  async function run(): Promise<void> {
    const isToBe = !isArchived();
    setIsBusy(true);
    setProblem(null);
    try {
      await setArchived(c().id, isToBe);
      say(isToBe ? `${c().name} is in your archive.` : `${c().name} is in your list again.`);
    } catch (error) {
      setProblem(wordsOf(error));
    } finally {
      setIsBusy(false);
    }
  }
  return (
    <Show when={c().closedAt !== null && !live.isSuspended()}>
      <section class="mt-10 border-t border-line pt-6">
        <div class="flex flex-wrap items-center justify-between gap-x-8 gap-y-3">
          <div class="min-w-0 flex-1 basis-[320px]">
            <h2 class="text-lg">{isArchived() ? "In your archive" : "Tidy up"}</h2>
            <p class="mt-1 text-soft">
              {isArchived()
                ? "It is not in your list. Its invoices and its history are where they were."
                : "The archive takes it out of your list. Nothing is deleted, and you can put it back."}
            </p>
          </div>
          <Button class="max-sm:w-full" busy={isBusy()} onClick={() => void run()}>
            {isArchived() ? "Put it back in the list" : "Move to the archive"}
          </Button>
        </div>
        <Show when={problem()}>
          <Callout tone="suspended" role="alert" class="mt-4">
            {problem()}
          </Callout>
        </Show>
      </section>
    </Show>
  );
};
