import { Bell } from "lucide-solid";
import { For, Match, Show, Switch } from "solid-js";
import type { Filter, History } from "../../lib/history.ts";
import type { Message, NoticeStatus } from "../../lib/message.ts";
import { Button } from "../../ui/button.tsx";
import { Choice } from "../../ui/choice.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { Inbox } from "./inbox.tsx";
import { MessageRow } from "./message-row.tsx";
import { Nothing } from "./nothing.tsx";
import { Pager } from "./pager.tsx";
import type { InboxRequest } from "./requests.ts";
import { Failed, Section } from "./section.tsx";

const STATES = [
  { value: "all", label: "All" },
  { value: "delivered", label: "Delivered" },
  { value: "queued", label: "On its way" },
  { value: "no_inbox", label: "No inbox" },
  { value: "refused", label: "Refused" },
  { value: "missed", label: "Missed" },
] as const;

/** Every message to me, what it says and what became of it. */
const Notices = (props: {
  list: History<Message>;
  inbox: InboxRequest;
  filter: Filter<NoticeStatus>;
  onFilter: (change: Partial<Filter<NoticeStatus>>) => void;
}) => (
  <div class="flex flex-col gap-10">
    <Inbox request={props.inbox} />
    <Section title="Messages" lead="What we wrote to you, and whether it reached you.">
      <Choice
        legend="Which messages"
        name="notice-state"
        value={props.filter.status ?? "all"}
        options={STATES}
        onChange={(value) => props.onFilter({ status: value === "all" ? null : value, page: 0 })}
      />
      <Show when={props.list.error()}>
        {(why) => (
          <Failed
            what="Your messages"
            why={why()}
            onRetry={() => props.list.retry()}
            busy={props.list.isLoading()}
          />
        )}
      </Show>
      <Switch>
        <Match when={!props.list.ids()}>
          <Show when={!props.list.error()}>
            <div role="status" aria-label="Loading your messages" class="flex flex-col gap-3">
              <For each={[1, 2, 3]}>{() => <Skeleton class="h-[70px] rounded-card" />}</For>
            </div>
          </Show>
        </Match>
        <Match when={props.list.ids()?.length === 0}>
          <Show
            when={props.filter.status}
            fallback={
              <Nothing icon={Bell} title="No messages yet">
                We write when an invoice is due, before a relay would be suspended, and when your
                wallet has paid.
              </Nothing>
            }
          >
            <Nothing icon={Bell} title="No message is in that state">
              <Button size="small" onClick={() => props.onFilter({ status: null, page: 0 })}>
                Show all messages
              </Button>
            </Nothing>
          </Show>
        </Match>
        <Match when={props.list.ids()}>
          {(ids) => (
            <>
              <ul
                aria-label="Messages, newest first"
                aria-busy={props.list.isLoading()}
                class="divide-y divide-line overflow-hidden rounded-card border border-line bg-raised transition-opacity aria-busy:opacity-60"
              >
                <For each={ids()}>
                  {(id) => (
                    <Show when={props.list.row(id)}>
                      {(message) => <MessageRow message={message()} />}
                    </Show>
                  )}
                </For>
              </ul>
              <Pager
                page={props.filter.page}
                shown={ids().length}
                total={props.list.total()}
                busy={props.list.isLoading()}
                onPage={(page) => props.onFilter({ page })}
              />
            </>
          )}
        </Match>
      </Switch>
    </Section>
  </div>
);
export default Notices;
