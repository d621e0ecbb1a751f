import { A, useNavigate } from "@solidjs/router";
import { createSignal, Show } from "solid-js";
import { statusOf } from "../../../machines/describe.ts";
import { type RelayReplica, useLive } from "../../lib/live/live.ts";
import { createEdits } from "../../lib/page/edits.ts";
import { editRelay } from "../../lib/relays/acts.ts";
import type { Availability } from "../../lib/relays/availability.ts";
import {
  DESCRIPTION_MAX,
  errorsOf,
  NAME_MAX,
  RELAY_FIELDS,
  type RelayErrors,
  type RelayField,
  relayErrors,
} from "../../lib/relays/form.ts";
import { keptNames } from "../../lib/relays/kept-names.ts";
import { number } from "../../lib/words/format.ts";
import { Button, buttonVariants } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";
import { Field } from "../../ui/field.tsx";
import { say } from "../../ui/toast.tsx";
import { RenameWords } from "./rename-words.tsx";
import { SubdomainField } from "./subdomain-field.tsx";

/** Name, address and description of a relay. What was typed stays until it is stored, or taken back. */
export const EditRelay = (props: { relay: RelayReplica }) => {
  const live = useLive();
  const navigate = useNavigate();
  const id = props.relay.context.id;
  const saved = () => {
    const { name, subdomain, description } = props.relay.context;
    return { name, subdomain, description };
  };
  const draft = createEdits(`berth.edit.${id}`, saved);
  const [errors, setErrors] = createSignal<RelayErrors>({});
  const [problem, setProblem] = createSignal<string | null>(null);
  const [isBusy, setIsBusy] = createSignal(false);
  let availability: Availability = { is: "empty" };
  const inputs: Partial<Record<RelayField, HTMLElement>> = {};

  const isChanged = () => Object.keys(draft.changed()).length > 0;
  const isRenamed = () => draft.changed().subdomain !== undefined;
  const set = (field: RelayField) => (value: string) => {
    setErrors({ ...errors(), [field]: undefined });
    setProblem(null);
    draft.set(field, value);
  };
  function refuse(found: RelayErrors): void {
    setErrors(found);
    const first = RELAY_FIELDS.find((field) => found[field]);
    if (first) inputs[first]?.focus();
  }

  async function save(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const wish = draft.changed();
    const found = relayErrors(wish);
    if (wish.subdomain !== undefined && availability.is === "refused")
      found.subdomain ??= availability.words;
    setProblem(null);
    if (Object.values(found).some(Boolean)) return refuse(found);
    if (!isChanged()) return navigate(`/relays/${id}`);
    setIsBusy(true);
    try {
      await editRelay(id, wish);
      draft.forget();
      say(isIdle() ? "Saved. It is applied when your relay runs again." : "Saved.");
      navigate(`/relays/${id}`);
    } catch (error) {
      const { fields, rest } = errorsOf(error);
      refuse(fields);
      setProblem(rest);
    } finally {
      setIsBusy(false);
    }
  }
  const isIdle = () => ["suspended", "deactivated"].includes(statusOf(props.relay.value));

  return (
    <form onSubmit={(event) => void save(event)} novalidate class="flex flex-col gap-6">
      <Show when={draft.wasKept && isChanged()}>
        <Callout tone="harbour" role="status">
          <div class="flex flex-wrap items-center justify-between gap-3">
            <p>What you typed before is still here, not saved yet.</p>
            <Button size="small" onClick={() => draft.forget()}>
              Take it back
            </Button>
          </div>
        </Callout>
      </Show>
      <Show when={isIdle() && !live.isSuspended()}>
        <Callout tone="neutral">
          Your relay does not run now. What you change is stored at once, and applied when it runs
          again.
        </Callout>
      </Show>
      <Field
        label="Name"
        name="name"
        value={draft.values().name}
        onInput={set("name")}
        error={errors().name}
        hint={counter("What people see", draft.values().name, NAME_MAX)}
        required
        ref={(element) => {
          inputs.name = element;
        }}
      />
      <div>
        <SubdomainField
          value={draft.values().subdomain}
          onInput={set("subdomain")}
          own={props.relay.context.subdomain}
          kept={keptNames(live.relays())}
          error={errors().subdomain ?? null}
          onAvailability={(now) => {
            availability = now;
          }}
          ref={(element) => {
            inputs.subdomain = element;
          }}
        />
        <RenameWords relay={props.relay} isRenamed={isRenamed()} />
      </div>
      <Field
        label="Description"
        name="description"
        value={draft.values().description}
        onInput={set("description")}
        error={errors().description}
        hint={counter(
          "What it is for, and who is welcome",
          draft.values().description,
          DESCRIPTION_MAX,
        )}
        lines={5}
        ref={(element) => {
          inputs.description = element;
        }}
      />
      <Show when={!isIdle()}>
        <p class="text-[15px] text-soft">
          Saving restarts your relay for a moment. Members who are connected then see nothing new
          until their app connects again, so change several things at once rather than one by one.
        </p>
      </Show>
      <Show when={problem()}>
        <Callout tone="suspended" role="alert" title="It was not saved">
          {problem()}
        </Callout>
      </Show>
      <div class="flex flex-wrap gap-2">
        <Button
          type="submit"
          variant="buoy"
          class="max-sm:w-full"
          busy={isBusy()}
          disabled={live.isSuspended()}
        >
          Save
        </Button>
        <A
          href={`/relays/${id}`}
          class={`${buttonVariants({ variant: "ghost" })} max-sm:w-full`}
          onClick={() => draft.forget()}
        >
          {isChanged() ? "Leave without saving" : "Back"}
        </A>
      </div>
    </form>
  );
};

const counter = (words: string, text: string, max: number): string =>
  `${words}. ${number(text.length)} of ${number(max)} characters.`;
