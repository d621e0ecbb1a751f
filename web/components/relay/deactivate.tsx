import { useSearchParams } from "@solidjs/router";
import { createSignal, onMount, Show, Suspense } from "solid-js";
import { statusOf } from "../../../machines/describe.ts";
import { type RelayReplica, useLive } from "../../lib/live/live.ts";
import { lazyPage } from "../../lib/page/lazy-page.ts";
import { Button } from "../../ui/button.tsx";

const AskDeactivate = lazyPage(() => import("./ask-deactivate.tsx"));

/** The way to switch a relay off, where its owner may. */
export const Deactivation = (props: { relay: RelayReplica }) => {
  const live = useLive();
  const [isOpen, setIsOpen] = createSignal(false);
  /** The question is loaded when it is first asked. */
  const [wasOpened, setWasOpened] = createSignal(false);
  const open = (): void => {
    setWasOpened(true);
    setIsOpen(true);
  };
  // A checkout leads here to have its order cancelled.
  const [query, setQuery] = useSearchParams();
  onMount(() => {
    if (query.cancel === undefined || !isOrder()) return;
    setQuery({ cancel: null }, { replace: true, scroll: false });
    open();
  });
  const mayDeactivate = () =>
    !live.isSuspended() &&
    statusOf(props.relay.value) !== "deactivated" &&
    (statusOf(props.relay.value) !== "suspended" ||
      props.relay.matches({ status: { suspended: "unpaid" } }));
  const isDark = () => statusOf(props.relay.value) === "suspended";
  const isOrder = () => props.relay.matches({ status: "pending" });
  const act = () => (isOrder() ? "Cancel the order" : "Deactivate");
  return (
    <Show when={mayDeactivate()}>
      <section class="mt-10 flex flex-wrap items-center justify-between gap-x-8 gap-y-3 border-t border-line pt-6">
        <div class="min-w-0 flex-1 basis-[320px]">
          <h2 class="text-lg">{isOrder() ? "Changed your mind" : "Switch it off"}</h2>
          <p class="mt-1 text-soft">
            {isOrder()
              ? "The order is cancelled, and its invoice with it."
              : `${isDark() ? "It does not answer now, and stays so." : "It stops answering at once."} Its data is kept, and you can bring it back.`}
          </p>
        </div>
        <Button variant="danger" class="max-sm:w-full" onClick={open}>
          {act()}
        </Button>
      </section>
      <Suspense>
        <Show when={wasOpened()}>
          <AskDeactivate relay={props.relay} act={act()} open={isOpen()} onOpenChange={setIsOpen} />
        </Show>
      </Suspense>
    </Show>
  );
};
