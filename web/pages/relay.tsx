import { A, useParams, useSearchParams } from "@solidjs/router";
import { createSignal, type JSX, lazy, Show, Suspense } from "solid-js";
import { PageTitle } from "../components/page-title.tsx";
import { RelayHeader, ToRelays } from "../components/relay-header.tsx";
import { RelayOverview } from "../components/relay-overview.tsx";
import { RelayPanel } from "../components/relay-panel.tsx";
import { Standing } from "../components/standing.tsx";
import { live } from "../lib/live.ts";
import { buttonVariants } from "../ui/button.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { Tabs } from "../ui/tabs.tsx";

// What is behind a tab is loaded when it is opened.
const RelayPlan = lazy(() =>
  import("../components/relay-plan.tsx").then(({ RelayPlan }) => ({ default: RelayPlan })),
);
const RelayHistory = lazy(() =>
  import("../components/relay-history.tsx").then(({ RelayHistory }) => ({ default: RelayHistory })),
);
const Behind = (props: { children: JSX.Element }) => (
  <Suspense fallback={<Skeleton class="h-64 rounded-card" />}>{props.children}</Suspense>
);

const TABS = ["overview", "plan", "history"];

/** One relay of mine: what it is, what happens next, and what can be done. */
const Page = () => {
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
      <Show when={relay()} fallback={live.isReady() ? <NotFound /> : <Loading />}>
        {(found) => (
          <>
            <RelayHeader relay={found()} />
            <Standing />
            <RelayPanel relay={found()} isChoosing={tab() === "plan"} onPlan={openPlan} />
            <div ref={tabs} class="pt-8">
              <Tabs
                label="About this relay"
                value={tab()}
                onChange={open}
                tabs={[
                  {
                    id: "overview",
                    title: "Overview",
                    content: () => <RelayOverview relay={found()} />,
                  },
                  {
                    id: "plan",
                    title: "Plan",
                    content: () => (
                      <Behind>
                        <RelayPlan relay={found()} />
                      </Behind>
                    ),
                  },
                  {
                    id: "history",
                    title: "History",
                    content: () => (
                      <Behind>
                        <RelayHistory relay={found()} />
                      </Behind>
                    ),
                  },
                ]}
              />
            </div>
          </>
        )}
      </Show>
    </div>
  );
};
export default Page;

const NotFound = () => (
  <>
    <PageTitle
      title="You have no such relay"
      lead="Its address may be mistyped, or it belongs to another key than the one you are logged in with."
    />
    <A href="/relays" class={buttonVariants()}>
      My relays
    </A>
  </>
);

const Loading = () => (
  <div role="status">
    <ToRelays />
    <span class="sr-only">Your relay is loading.</span>
    <Skeleton class="mt-2 h-10 w-72 max-w-full" />
    <Skeleton class="mt-4 h-9 w-96 max-w-full" />
    <Skeleton class="mt-6 h-[122px] rounded-card" />
    <Skeleton class="mt-8 h-11 w-64 max-w-full" />
    <Skeleton class="mt-6 h-64 rounded-card" />
  </div>
);
