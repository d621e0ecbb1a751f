import { createMemo, Show } from "solid-js";
import { useLive } from "../../lib/live/live.ts";
import { type Message, messageOfReplica, type NoticeStatus } from "../../lib/notices/message.ts";
import { stageWords } from "../../lib/notices/words.ts";
import { Callout } from "../../ui/callout.tsx";

const WHY: Partial<Record<NoticeStatus, string>> = {
  no_inbox: "We found no inbox of yours to send it to.",
  refused: "Your inbox relays would not take it.",
  missed: "Your inbox relays could not be reached in time.",
};

/** What only says that all is well is not missed. */
const GOOD_NEWS = ["receipt", "reactivated"];

/** Where our last warning stayed with us, so that nobody waits for the next one in vain. */
export const Unreached = () => {
  const live = useLive();
  const last = createMemo(() =>
    live
      .notices()
      .map(messageOfReplica)
      .filter(({ stage }) => !GOOD_NEWS.includes(stage))
      .reduce<Message | null>(
        (latest, one) => (latest && latest.createdAt >= one.createdAt ? latest : one),
        null,
      ),
  );
  const why = () => WHY[last()?.status ?? "queued"];
  return (
    <Show when={why()}>
      <Callout tone="grace" title="Our last message did not reach you">
        <p>
          “{last()?.subject ?? stageWords(last()?.stage ?? "")}” stands under Notices alone. {why()}{" "}
          <a href="/account?tab=notices" class="link">
            See your notices
          </a>
        </p>
      </Callout>
    </Show>
  );
};
