import { Show, Suspense } from "solid-js";
import type { Requested } from "../../lib/api/request.ts";
import { useLive } from "../../lib/live/live.ts";
import { lazyPage } from "../../lib/page/lazy-page.ts";
import { Disclosure } from "../../ui/disclosure.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { Awaited } from "../awaited.tsx";
import { DueNow } from "./due-now.tsx";
import { Forecast } from "./forecast.tsx";
import { type Forecast as Answer, forecastBasis } from "./requests.ts";
import { Summary } from "./summary.tsx";
import { Unreached } from "./unreached.tsx";

const Statement = lazyPage(() => import("./statement.tsx"));
const Key = lazyPage(() => import("./key.tsx"));

/** How I stand: what is due, what comes, what I have. */
export const Overview = (props: { forecast: Requested<Answer> }) => {
  const live = useLive();
  return (
    <Show when={live.isReady()} fallback={<Loading />}>
      <div class="flex flex-col gap-10">
        <DueNow />
        <Unreached />
        <Summary tenant={live.tenant()} />
        <Forecast
          request={props.forecast}
          isOutdated={props.forecast.data()?.basis !== forecastBasis(live)}
        />
        <Disclosure title="Your money, to the sat">
          <Suspense fallback={<Skeleton class="mt-3 h-60 max-w-[820px]" />}>
            <Statement />
          </Suspense>
        </Disclosure>
        <Suspense fallback={<Skeleton class="h-52 rounded-card" />}>
          <Key />
        </Suspense>
      </div>
    </Show>
  );
};

const Loading = () => (
  <Awaited>
    <div role="status" aria-label="Loading your account" class="flex flex-col gap-10">
      <div class="flex flex-col gap-4">
        <Skeleton class="h-7 w-32" />
        <Skeleton class="h-16 rounded-card" />
      </div>
      <Skeleton class="h-[126px] rounded-card max-md:h-[360px]" />
      <Skeleton class="h-40 rounded-card" />
    </div>
  </Awaited>
);
