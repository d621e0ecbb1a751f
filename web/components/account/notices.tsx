import { Bell } from "lucide-solid";
import { For, Show } from "solid-js";
import type { Message, NoticeStatus } from "../../lib/notices/message.ts";
import type { Filter, History } from "../../lib/relays/history.ts";
import { Button } from "../../ui/button.tsx";
import { Choice } from "../../ui/choice.tsx";
import { Inbox } from "./inbox.tsx";
import { Listing } from "./listing.tsx";
import { MessageRow } from "./message-row.tsx";
import { Nothing } from "./nothing.tsx";
import type { InboxRequest } from "./requests.ts";
import { Section } from "./section.tsx";

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
      <Listing
        list={props.list}
        what="Your messages"
        page={props.filter.page}
        onPage={(page) => props.onFilter({ page })}
        empty={
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
        }
      >
        {(ids) => (
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
        )}
      </Listing>
    </Section>
  </div>
);
export default Notices;
