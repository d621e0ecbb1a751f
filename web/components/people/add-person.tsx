import { createSignal, Show } from "solid-js";
import { ApiProblem, wordsOf } from "../../lib/api/api.ts";
import { addPerson, shortKey } from "../../lib/relays/people.ts";
import { Button } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";
import { Field } from "../../ui/field.tsx";
import { say } from "../../ui/toast.tsx";

/** Lets somebody in by their key. */
export const AddPerson = (props: {
  relay: string;
  owner: string;
  onAdded: (pubkey: string, standing: string) => void;
}) => {
  const [text, setText] = createSignal("");
  const [isBusy, setIsBusy] = createSignal(false);
  const [wrong, setWrong] = createSignal<string | null>(null);
  const [problem, setProblem] = createSignal<string | null>(null);

  async function add(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const wanted = text().trim();
    if (wanted === "") {
      setWrong("Enter somebody's public key.");
      return;
    }
    setIsBusy(true);
    setWrong(null);
    setProblem(null);
    try {
      const { pubkey, standing } = await addPerson(props.relay, wanted);
      setText("");
      if (pubkey === props.owner) return say("You are in it already.", "neutral");
      props.onAdded(pubkey, standing);
      say(
        standing === "waiting"
          ? `${shortKey(pubkey)} is on the waiting list: the relay is full.`
          : `${shortKey(pubkey)} is in.`,
      );
    } catch (error) {
      const isTheirs =
        error instanceof ApiProblem && ["pubkey_malformed", "banned_here"].includes(error.code);
      (isTheirs ? setWrong : setProblem)(wordsOf(error));
    } finally {
      setIsBusy(false);
    }
  }

  return (
    <form onSubmit={(event) => void add(event)} class="flex flex-col gap-3">
      <div class="flex flex-wrap items-start gap-3">
        <Field
          class="min-w-0 grow basis-[320px]"
          label="Add somebody"
          name="pubkey"
          mono
          value={text()}
          onInput={(value) => {
            setText(value);
            setWrong(null);
          }}
          placeholder="npub1…"
          maxLength={500}
          hint="Their public key, as their Nostr app shows it."
          error={wrong()}
        />
        <Button type="submit" busy={isBusy()} class="mt-7.5 max-sm:mt-0 max-sm:w-full">
          Add
        </Button>
      </div>
      <Show when={problem()}>
        {(words) => (
          <Callout tone="suspended" role="alert">
            {words()}
          </Callout>
        )}
      </Show>
    </form>
  );
};
