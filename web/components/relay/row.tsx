import { A } from "@solidjs/router";
import { ChevronRight } from "lucide-solid";
import { useLive } from "../../lib/live/live.ts";
import { relayUrl } from "../../lib/page/settings.ts";
import { planName, type Row } from "../../lib/relays/list.ts";
import { unreached } from "../../lib/relays/state.ts";
import { cn } from "../../ui/cn.ts";
import { CopyButton } from "../copy.tsx";
import { RelayBadge } from "../state-badge.tsx";

/** The columns of the list, and of what keeps their place while it loads. */
export const rowClass =
  "grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-1 px-5 py-4 max-sm:px-4 md:grid-cols-[minmax(0,2.1fr)_132px_76px_minmax(0,1.8fr)_20px]";

/** One relay of the list; all of it leads to its page. */
export const RelayRow = (props: { row: Row; isNew: boolean }) => {
  const context = () => props.row.relay.context;
  const live = useLive();
  const next = () => props.row.next;
  const isUnreached = () => unreached(props.row.relay, live.seenOf(props.row.id)) !== null;
  const isUrgent = () => next().tone === "grace" || next().tone === "suspended";
  return (
    <li
      data-slot="relay"
      data-new={props.isNew || undefined}
      class="flex items-center border-line transition-colors duration-[1200ms] not-first:border-t data-new:bg-[color-mix(in_oklab,var(--active)_12%,var(--raised))]"
    >
      <A
        href={`/relays/${props.row.id}`}
        class={cn(
          rowClass,
          "group min-w-0 flex-1 text-ink no-underline transition-colors hover:bg-[color-mix(in_oklab,var(--harbour)_5%,transparent)] focus-visible:-outline-offset-2",
        )}
      >
        <span dir="auto" class="truncate text-left font-semibold">
          {context().name}
        </span>
        <RelayBadge
          status={props.row.status}
          isUnreached={isUnreached()}
          class="justify-self-start md:col-start-2 md:row-span-2 md:row-start-1"
        />
        <span class="truncate font-mono text-[13px] text-soft max-md:col-span-2 md:col-start-1 md:row-start-2">
          {relayUrl(context().subdomain)}
        </span>
        <span class="text-[15px] text-soft max-md:hidden md:col-start-3 md:row-span-2 md:row-start-1">
          {planName(context().plan)}
        </span>
        <span
          data-tone={next().tone}
          class={cn(
            "tone min-w-0 text-[15px] max-md:col-span-2 md:col-start-4 md:row-span-2 md:row-start-1",
            isUrgent() ? "font-medium text-(--tone)" : "text-soft",
          )}
        >
          <span class="md:hidden">{planName(context().plan)} · </span>
          {next().text}
        </span>
        <ChevronRight
          aria-hidden="true"
          class="size-5 text-soft transition-transform group-hover:translate-x-0.5 max-md:hidden md:col-start-5 md:row-span-2 md:row-start-1"
        />
      </A>
      <CopyButton
        text={relayUrl(context().subdomain)}
        label={`Copy the address of ${context().name}`}
        size="icon"
        variant="ghost"
        class="mr-3 shrink-0 max-sm:mr-1"
      />
    </li>
  );
};
