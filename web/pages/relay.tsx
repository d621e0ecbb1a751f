import { useParams, useSearchParams } from "@solidjs/router";
import { createSignal, Show, Suspense } from "solid-js";
import { Awaited } from "../components/awaited.tsx";
import { RelayHeader, ToRelays } from "../components/relay/header.tsx";
import { NoSuchRelay } from "../components/relay/no-such-relay.tsx";
import { RelayPanel } from "../components/relay/panel.tsx";
import { Standing } from "../components/standing.tsx";
import { useLive } from "../lib/live/live.ts";
import { lazyPage } from "../lib/page/lazy-page.ts";
import { Skeleton } from "../ui/skeleton.tsx";

// The page leads with what is next; what stands below it comes right after.
const RelayTabs = lazyPage(() => import("../components/relay/tabs.tsx"));

const TABS = ["overview", "people", "plan", "history"];

/** One relay of mine: what it is, what happens next, and what can be done. */
const Page = () => {
  const live = useLive();
  const params = useParams();
  const [query, setQuery] = useSearchParams();
  const relay = () => live.relay(params.id ?? "");
  const [tab, setTab] = createSignal(TABS.find((id) => id === query.tab) ?? "overview");
  function open(id: string): void {
    setTab(id);
    setQuery({ tab: id === "overview" ? null : id }, { replace: true, scroll: false });
  }
  let tabs: HTMLDivElement | undefined;
  function openPlan(): void {
    open("plan");
    queueMicrotask(() => {
      tabs?.scrollIntoView({ block: "start" });
      tabs
        ?.querySelector<HTMLElement>('[role="tab"][data-selected]')
        ?.focus({ preventScroll: true });
    });
  }

  return (
    <div class="page pt-4">
      <Show when={relay()} fallback={live.isReady() ? <NoSuchRelay /> : <Loading />}>
        {(found) => (
          <>
            <RelayHeader relay={found()} />
            <Standing />
            <RelayPanel relay={found()} isChoosing={tab() === "plan"} onPlan={openPlan} />
            <div ref={tabs} class="pt-8">
              <Suspense fallback={<Below />}>
                <RelayTabs relay={found()} tab={tab()} onTab={open} />
              </Suspense>
            </div>
          </>
        )}
      </Show>
    </div>
  );
};
export default Page;

const Loading = () => (
  <Awaited>
    <div role="status">
      <ToRelays />
      <span class="sr-only">Your relay is loading.</span>
      <Skeleton class="mt-2 h-10 w-72 max-w-full" />
      <Skeleton class="mt-4 h-9 w-96 max-w-full" />
      <Skeleton class="mt-6 h-[122px] rounded-card" />
      <div class="pt-8">
        <Below />
      </div>
    </div>
  </Awaited>
);

/** The place of what stands below what is next. */
const Below = () => (
  <>
    <Skeleton class="h-11 w-64 max-w-full" />
    <Skeleton class="mt-6 h-64 rounded-card" />
  </>
);
