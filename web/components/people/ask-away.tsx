import { createSignal, For, Show } from "solid-js";
import { wordsOf } from "../../lib/api/api.ts";
import { banPerson, removePerson, shortKey } from "../../lib/relays/people.ts";
import { Button } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { say } from "../../ui/toast.tsx";

export type Away = "remove" | "ban" | "unlist";

/** What each does, as it is; each a sentence. */
const WORDS: Record<Away, { act: string; lines: string[]; done: string }> = {
  remove: {
    act: "Remove",
    lines: [
      "They can read and write no more.",
      "What they wrote stays.",
      "They may come back, by you or by another app's invite.",
    ],
    done: "is out.",
  },
  ban: {
    act: "Ban",
    lines: [
      "Everything they ever wrote here is deleted, for ever.",
      "They can read and write no more, and cannot come back until you lift the ban.",
    ],
    done: "is banned.",
  },
  unlist: {
    act: "Take off",
    lines: ["They lose their place on the waiting list."],
    done: "is off the waiting list.",
  },
};

/** Asks once more, with all that it means, before somebody is sent away. */
export const AskAway = (props: {
  relay: string;
  pubkey: string;
  how: Away | null;
  onClose: () => void;
  onDone: () => void;
}) => {
  const [reason, setReason] = createSignal("");
  const [isBusy, setIsBusy] = createSignal(false);
  const [problem, setProblem] = createSignal<string | null>(null);
  /** What was asked last: the words stay while the dialog closes. */
  const words = () => WORDS[props.how ?? "remove"];

  async function run(how: Away): Promise<void> {
    setIsBusy(true);
    setProblem(null);
    try {
      if (how === "ban") await banPerson(props.relay, props.pubkey, reason().trim());
      else await removePerson(props.relay, props.pubkey);
      say(`${shortKey(props.pubkey)} ${WORDS[how].done}`);
      props.onClose();
      props.onDone();
    } catch (error) {
      setProblem(wordsOf(error));
    } finally {
      setIsBusy(false);
    }
  }

  return (
    <Dialog
      open={props.how !== null}
      onOpenChange={(open) => {
        setProblem(null);
        if (!open) props.onClose();
      }}
      title={`${words().act} ${shortKey(props.pubkey)}?`}
    >
      <ul class="list-disc space-y-1.5 pl-5">
        <For each={words().lines}>{(line) => <li>{line}</li>}</For>
      </ul>
      <Show when={props.how === "ban"}>
        <Field
          class="mt-5"
          label="Why (if you like)"
          value={reason()}
          onInput={setReason}
          maxLength={300}
          hint="It stands in what happened, for you alone."
        />
      </Show>
      <Show when={problem()}>
        <Callout tone="suspended" role="alert" class="mt-4">
          {problem()}
        </Callout>
      </Show>
      <div class="mt-6 flex flex-wrap justify-end gap-2 max-sm:flex-col-reverse">
        <Button disabled={isBusy()} onClick={() => props.onClose()}>
          Cancel
        </Button>
        <Button variant="danger" busy={isBusy()} onClick={() => props.how && void run(props.how)}>
          {words().act}
        </Button>
      </div>
    </Dialog>
  );
};
