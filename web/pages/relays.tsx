import { For } from "solid-js";
import { statusOf } from "../../machines/describe.ts";
import { PageTitle } from "../components/page-title.tsx";
import { StateBadge } from "../components/state-badge.tsx";
import { live } from "../lib/live.ts";

const Page = () => (
  <div class="page">
    <PageTitle title="My relays" />
    <For each={live.relays()}>
      {(relay) => (
        <p>
          {relay.context.name} <StateBadge status={statusOf(relay.value)} />
        </p>
      )}
    </For>
  </div>
);
export default Page;
