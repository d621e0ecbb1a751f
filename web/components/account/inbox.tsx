import { createSignal, For, Match, Switch } from "solid-js";
import { useLive } from "../../lib/live/live.ts";
import type { Inbox as Known } from "../../lib/notices/inbox.ts";
import { plainRelay } from "../../lib/notices/relay-address.ts";
import { Button } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { InboxForm } from "./inbox-form.tsx";
import type { InboxRequest } from "./requests.ts";
import { Failed, Section } from "./section.tsx";
import { SUSPENDED_WHY } from "./suspended.ts";

/** Where our messages go, and the offer to say so for who has not. */
export const Inbox = (props: { request: InboxRequest }) => {
  const live = useLive();
  const [isEditing, setIsEditing] = createSignal(false);
  /** What was published here; the look-up may be a few minutes old. */
  const [published, setPublished] = createSignal<string[] | null>(null);
  const relays = () => published() ?? props.request.data()?.relays ?? null;

  const form = (known: Known) => (
    <InboxForm
      relays={relays() ?? known.suggested}
      publishedAt={known.publishedAt}
      onPublished={(list) => {
        setPublished(list);
        setIsEditing(false);
      }}
      onCancel={() => setIsEditing(false)}
    />
  );
  return (
    <Section title="Your inbox">
      <Switch fallback={<Skeleton class="h-[88px] rounded-card" />}>
        <Match when={props.request.error()}>
          {(why) => (
            <Failed
              what="Where you read messages"
              why={why()}
              onRetry={() => props.request.retry()}
              busy={props.request.isLoading()}
            />
          )}
        </Match>
        <Match when={props.request.data()}>
          {(known) => (
            <Switch>
              <Match when={!known().isConfigured}>
                <p class="text-soft">
                  This Berth sends no messages over Nostr. What there is to say is on this page.
                </p>
              </Match>
              <Match when={isEditing()}>
                <div class="rounded-card border border-line bg-raised p-5 max-sm:p-4">
                  {form(known())}
                </div>
              </Match>
              <Match when={relays()}>
                {(list) => (
                  <div class="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 rounded-card border border-line bg-raised px-5 py-4 max-sm:px-4">
                    <div class="min-w-0">
                      <p class="text-[15px] text-soft">
                        Messages to you go here, sealed so that only you can read them.
                      </p>
                      <ul aria-label="Your inbox relays" class="mt-1 flex flex-wrap gap-x-5">
                        <For each={list()}>
                          {(relay) => (
                            <li class="font-mono text-sm break-all">{plainRelay(relay)}</li>
                          )}
                        </For>
                      </ul>
                    </div>
                    <Button
                      size="small"
                      class="min-h-10"
                      disabled={live.isSuspended()}
                      title={live.isSuspended() ? SUSPENDED_WHY : undefined}
                      onClick={() => setIsEditing(true)}
                    >
                      Change
                    </Button>
                  </div>
                )}
              </Match>
              <Match when={true}>
                <Callout tone="grace" title="You have not said where you read messages.">
                  <div class="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
                    <p class="max-w-[64ch] text-soft">
                      So what we write stays on this page, and a reminder may come too late. Choose
                      your inbox relays (kind 10050), and it reaches you in any Nostr app with
                      messages.
                    </p>
                    <Button
                      disabled={live.isSuspended()}
                      title={live.isSuspended() ? SUSPENDED_WHY : undefined}
                      onClick={() => setIsEditing(true)}
                    >
                      Choose inbox relays
                    </Button>
                  </div>
                </Callout>
              </Match>
            </Switch>
          )}
        </Match>
      </Switch>
    </Section>
  );
};
