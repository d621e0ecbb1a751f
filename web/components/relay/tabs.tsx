import { type JSX, Suspense } from "solid-js";
import type { RelayReplica } from "../../lib/live/live.ts";
import { lazyPage } from "../../lib/page/lazy-page.ts";
import { Skeleton } from "../../ui/skeleton.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { RelayOverview } from "./overview.tsx";

// What is behind a tab is loaded when it is opened, or when there is nothing else to do.
const RelayPeople = lazyPage(() => import("../people/people.tsx"));
const RelayPlan = lazyPage(() => import("./plan.tsx"));
const RelayHistory = lazyPage(() => import("./history.tsx"));
const Behind = (props: { children: JSX.Element }) => (
  <Suspense fallback={<Skeleton class="h-64 rounded-card" />}>{props.children}</Suspense>
);

/** What there is to know of a relay, and to do with it, below what is next. */
const RelayTabs = (props: { relay: RelayReplica; tab: string; onTab: (id: string) => void }) => (
  <Tabs
    label="About this relay"
    value={props.tab}
    onChange={props.onTab}
    tabs={[
      { id: "overview", title: "Overview", content: () => <RelayOverview relay={props.relay} /> },
      {
        id: "people",
        title: "People",
        content: () => (
          <Behind>
            <RelayPeople relay={props.relay} />
          </Behind>
        ),
      },
      {
        id: "plan",
        title: "Plan",
        content: () => (
          <Behind>
            <RelayPlan relay={props.relay} />
          </Behind>
        ),
      },
      {
        id: "history",
        title: "History",
        content: () => (
          <Behind>
            <RelayHistory relay={props.relay} />
          </Behind>
        ),
      },
    ]}
  />
);
export default RelayTabs;
