import { A, useParams } from "@solidjs/router";
import { ChevronLeft } from "lucide-solid";
import { Show } from "solid-js";
import { Awaited } from "../components/awaited.tsx";
import { WindowTitle } from "../components/page-title.tsx";
import { EditRelay } from "../components/relay/edit.tsx";
import { NoSuchRelay } from "../components/relay/no-such-relay.tsx";
import { Standing } from "../components/standing.tsx";
import { useLive } from "../lib/live/live.ts";
import { Skeleton } from "../ui/skeleton.tsx";

/** The edit page of one relay of mine. */
const Page = () => {
  const live = useLive();
  const params = useParams();
  const relay = () => live.relay(params.id ?? "");
  return (
    <div class="page pt-4">
      <div class="max-w-[640px]">
        <Show when={relay()} fallback={live.isReady() ? <NoSuchRelay /> : <Loading />}>
          {(found) => (
            <>
              <WindowTitle title={`Edit ${found().context.name}`} />
              <A
                href={`/relays/${found().context.id}`}
                class="-ml-1 inline-flex min-h-10 max-w-full items-center gap-1 rounded-control pr-2 text-[15px] text-soft no-underline hover:text-ink"
              >
                <ChevronLeft aria-hidden="true" class="size-4 shrink-0" />
                <span dir="auto" class="truncate">
                  {found().context.name}
                </span>
              </A>
              <h1 class="mt-1 mb-6 text-4xl max-sm:text-3xl">Edit relay</h1>
              <Standing />
              <EditRelay relay={found()} />
            </>
          )}
        </Show>
      </div>
    </div>
  );
};
export default Page;

const Loading = () => (
  <Awaited>
    <div role="status" class="pt-2">
      <span class="sr-only">Your relay is loading.</span>
      <Skeleton class="h-6 w-32" />
      <Skeleton class="mt-3 mb-6 h-10 w-56" />
      <Skeleton class="h-[75px] rounded-control" />
      <Skeleton class="mt-6 h-[102px] rounded-control" />
      <Skeleton class="mt-6 h-[190px] rounded-control" />
    </div>
  </Awaited>
);
