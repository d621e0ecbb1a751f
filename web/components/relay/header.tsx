import { A } from "@solidjs/router";
import { ChevronLeft, Pencil } from "lucide-solid";
import { Show, Suspense } from "solid-js";
import { statusOf } from "../../../machines/describe.ts";
import { type RelayReplica, useLive } from "../../lib/live/live.ts";
import { lazyPage } from "../../lib/page/lazy-page.ts";
import { relayDomain, relayUrl } from "../../lib/page/settings.ts";
import { unreached } from "../../lib/relays/state.ts";
import { buttonVariants } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { CopyButton } from "../copy.tsx";
import { WindowTitle } from "../page-title.tsx";
import { RelayBadge } from "../state-badge.tsx";

const OpenIn = lazyPage(() => import("./open-in.tsx"));

/** The way back to the list. */
export const ToRelays = () => (
  <A
    href="/relays"
    class="-ml-1 inline-flex min-h-10 items-center gap-1 rounded-control pr-2 text-[15px] text-soft no-underline hover:text-ink"
  >
    <ChevronLeft aria-hidden="true" class="size-4" /> My relays
  </A>
);

/** A relay's name, its state, and its address to take along. */
export const RelayHeader = (props: { relay: RelayReplica }) => {
  const live = useLive();
  const context = () => props.relay.context;
  const isUnreached = () => unreached(props.relay, live.seenOf(context().id)) !== null;
  const host = () => `${context().subdomain}.${relayDomain}`;
  const isRunning = () => ["active", "grace"].includes(statusOf(props.relay.value));
  return (
    <header class="pb-6">
      <WindowTitle title={context().name} />
      <ToRelays />
      <div class="mt-1 flex min-w-0 flex-wrap items-center gap-x-4 gap-y-2">
        <h1 dir="auto" class="min-w-0 text-4xl break-words max-sm:text-3xl">
          {context().name}
        </h1>
        <span aria-live="polite">
          <RelayBadge status={statusOf(props.relay.value)} isUnreached={isUnreached()} />
        </span>
      </div>
      <div class="mt-3 flex flex-wrap items-center gap-2">
        <code class="mr-1 min-w-0 font-mono text-[15px] break-all text-soft">
          {relayUrl(context().subdomain)}
        </code>
        <CopyButton text={relayUrl(context().subdomain)} label="Copy address" size="small" />
        <Show when={isRunning()}>
          {/* Its place is kept. */}
          <Suspense fallback={<span class="h-9 w-[104px]" />}>
            <OpenIn host={host()} />
          </Suspense>
        </Show>
        <A
          href={`/relays/${context().id}/edit`}
          class={cn(buttonVariants({ size: "small" }), "sm:ml-auto")}
        >
          <Pencil aria-hidden="true" /> Edit
        </A>
      </div>
    </header>
  );
};
