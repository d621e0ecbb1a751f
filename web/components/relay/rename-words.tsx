import { Show } from "solid-js";
import { RENAME_INTERVAL_MS } from "../../../machines/billing/calendar.ts";
import { isNameKept } from "../../../machines/relay/context.ts";
import { createNow } from "../../lib/live/clock.ts";
import type { RelayReplica } from "../../lib/live/live.ts";
import { relayDomain } from "../../lib/page/settings.ts";
import { Callout } from "../../ui/callout.tsx";
import { Time } from "../time.tsx";

/** What a rename does, before it is done; or when the next one may be. */
export const RenameWords = (props: { relay: RelayReplica; isRenamed: boolean }) => {
  const now = createNow(30_000);
  const c = () => props.relay.context;
  const nextAt = () => {
    const at = c().renamedAt;
    return at !== null && at + RENAME_INTERVAL_MS > now() ? at + RENAME_INTERVAL_MS : null;
  };
  return (
    <Show when={nextAt() !== null || props.isRenamed}>
      <Callout tone="grace" class="mt-3">
        <Show
          when={nextAt()}
          fallback={
            <>
              <p class="font-semibold">The address changes for everyone</p>
              <p>
                People and apps that know{" "}
                <span class="font-mono text-[14px] break-all">
                  {c().subdomain}.{relayDomain}
                </span>{" "}
                do not find it there any more. The old name is{" "}
                {isNameKept(c(), now()) ? "kept for you for 30 days" : "free for anyone at once"}. A
                relay can be renamed once a day.
              </p>
            </>
          }
        >
          {(at) => (
            <p>
              It was renamed within the last day. It can be renamed again <Time at={at()} />.
            </p>
          )}
        </Show>
      </Callout>
    </Show>
  );
};
