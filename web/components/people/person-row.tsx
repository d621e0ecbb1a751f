import { createSignal, type JSX, Show } from "solid-js";
import { type Member, shortKey, type Waiting } from "../../lib/relays/people.ts";
import { Button } from "../../ui/button.tsx";
import { Avatar } from "../avatar.tsx";
import { Time } from "../time.tsx";
import { AskAway, type Away } from "./ask-away.tsx";

const CAME = {
  added: "added here",
  invite: "came by a link",
  elsewhere: "came by another app",
} as const;

type Acts = { relay: () => string; mayAct: () => boolean; onGone: (pubkey: string) => void };

/** Somebody's key, with what is known of them and what can be done. */
export const PersonRow = (props: {
  pubkey: string;
  about: JSX.Element;
  children?: JSX.Element;
}) => (
  <li class="flex flex-wrap items-center gap-x-4 gap-y-2 border-line px-5 py-3.5 not-first:border-t max-sm:px-4">
    <div class="flex min-w-0 grow basis-[240px] items-center gap-4">
      <Avatar pubkey={props.pubkey} picture={null} class="shrink-0" />
      <div class="min-w-0">
        <p class="truncate font-mono text-[15px]" title={props.pubkey}>
          {shortKey(props.pubkey)}
        </p>
        <p class="text-sm text-soft">{props.about}</p>
      </div>
    </div>
    <div class="flex gap-2">{props.children}</div>
  </li>
);

export const MemberRow = (props: { member: Member; isJoining: boolean } & Acts) => {
  const [asking, setAsking] = createSignal<Away | null>(null);
  const name = () => shortKey(props.member.pubkey);
  return (
    <PersonRow
      pubkey={props.member.pubkey}
      about={
        <>
          <Show when={props.isJoining} fallback={CAME[props.member.via]}>
            joining: the relay server is being told
          </Show>{" "}
          · <Time at={props.member.joined_at * 1000} />
        </>
      }
    >
      <Show when={props.mayAct()}>
        <Button size="small" aria-label={`Remove ${name()}`} onClick={() => setAsking("remove")}>
          Remove
        </Button>
        <Button
          size="small"
          variant="danger"
          aria-label={`Ban ${name()}`}
          onClick={() => setAsking("ban")}
        >
          Ban
        </Button>
        <AskAway
          relay={props.relay()}
          pubkey={props.member.pubkey}
          how={asking()}
          onClose={() => setAsking(null)}
          onDone={() => props.onGone(props.member.pubkey)}
        />
      </Show>
    </PersonRow>
  );
};

export const WaitingRow = (props: { waiting: Waiting } & Acts) => {
  const [asking, setAsking] = createSignal<Away | null>(null);
  return (
    <PersonRow
      pubkey={props.waiting.pubkey}
      about={
        <>
          waiting since <Time at={props.waiting.asked_at * 1000} />
        </>
      }
    >
      <Show when={props.mayAct()}>
        <Button
          size="small"
          aria-label={`Take ${shortKey(props.waiting.pubkey)} off the waiting list`}
          onClick={() => setAsking("unlist")}
        >
          Take off
        </Button>
        <AskAway
          relay={props.relay()}
          pubkey={props.waiting.pubkey}
          how={asking()}
          onClose={() => setAsking(null)}
          onDone={() => props.onGone(props.waiting.pubkey)}
        />
      </Show>
    </PersonRow>
  );
};
