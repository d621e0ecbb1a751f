/** A key of one's own: who one is, the key saved, and shown to be saved. */
import { createSignal, Show } from "solid-js";
import type { NewProfile } from "../../../machines/login.ts";
import type { LoginFlow } from "../../lib/login/flow.ts";
import { Button } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";
import { Field } from "../../ui/field.tsx";
import { SecretKey } from "../secret-key.tsx";
import { StayLoggedIn } from "./stay.tsx";
import { LoginStep } from "./step.tsx";

type StepProps = { flow: LoginFlow; onBack: () => void };

const NAME_MAX = 50;
const ABOUT_MAX = 280;
const URL_MAX = 500;

export const LoginName = (
  props: StepProps & { profile: NewProfile; onProfile: (profile: NewProfile) => void },
) => {
  const [errors, setErrors] = createSignal<{ name?: string; picture?: string }>({});
  const fields: { name?: HTMLElement; picture?: HTMLElement } = {};
  const change = (part: Partial<NewProfile>): void => {
    setErrors({});
    props.onProfile({ ...props.profile, ...part });
  };
  const go = (event: SubmitEvent): void => {
    event.preventDefault();
    const { name, picture } = props.profile;
    const found = {
      ...(name.trim() === ""
        ? { name: "Say how others shall see you. You can change it later." }
        : {}),
      ...(picture.trim() !== "" && URL.parse(picture.trim())?.protocol !== "https:"
        ? { picture: "A picture’s address begins with https://." }
        : {}),
    };
    setErrors(found);
    if (found.name) fields.name?.focus();
    else if (found.picture) fields.picture?.focus();
    if (Object.keys(found).length === 0) props.flow.send({ type: "name", profile: props.profile });
  };
  return (
    <LoginStep
      title="Who are you?"
      count="Step 1 of 3"
      lead="Others see this in every Nostr app. It is public, and you can change it at any time."
      onBack={props.onBack}
    >
      <form class="flex flex-col gap-5" noValidate onSubmit={go}>
        <Field
          label="Name"
          name="name"
          value={props.profile.name}
          onInput={(name) => change({ name })}
          maxLength={NAME_MAX}
          required
          autofocus
          autocomplete="nickname"
          ref={(element) => {
            fields.name = element;
          }}
          error={errors().name}
        />
        <Field
          label="Picture (optional)"
          name="picture"
          value={props.profile.picture}
          onInput={(picture) => change({ picture })}
          placeholder="https://…"
          inputMode="url"
          ref={(element) => {
            fields.picture = element;
          }}
          maxLength={URL_MAX}
          hint="The address of a picture of you."
          error={errors().picture}
        />
        <Field
          label="About you (optional)"
          name="about"
          value={props.profile.about}
          onInput={(about) => change({ about })}
          lines={3}
          maxLength={ABOUT_MAX}
        />
        <Show when={props.flow.state().context.problem}>
          {(problem) => (
            <Callout tone="suspended" role="alert">
              {problem()}
            </Callout>
          )}
        </Show>
        <Button
          variant="buoy"
          type="submit"
          class="self-start"
          busy={props.flow.state().matches({ create: "making" })}
        >
          Make my key
        </Button>
      </form>
    </LoginStep>
  );
};

export const LoginBackup = (props: StepProps) => {
  const { name } = props.flow.state().context.profile;
  return (
    <LoginStep
      title="Save your key"
      count="Step 2 of 3"
      lead="This secret key is your account, here and in every Nostr app. Nobody else has it: if you lose it, nobody can bring it back. Keep it in a password manager, or on paper."
      onBack={props.onBack}
    >
      <SecretKey
        nsec={props.flow.nsec()}
        name={name}
        onSaved={() => props.flow.send({ type: "saved" })}
      />
      <Show when={props.flow.state().context.problem}>
        {(problem) => (
          <Callout tone="suspended" role="alert">
            {problem()}
          </Callout>
        )}
      </Show>
      <Button variant="buoy" class="self-start" onClick={() => props.flow.send({ type: "next" })}>
        I have saved it
      </Button>
    </LoginStep>
  );
};

export const LoginConfirm = (props: StepProps) => {
  const [typed, setTyped] = createSignal("");
  let field: HTMLElement | undefined;
  const [keep, setKeep] = createSignal(true);
  const confirm = (event: SubmitEvent): void => {
    event.preventDefault();
    props.flow.send({ type: "confirm", typed: typed(), keep: keep() });
    if (props.flow.state().context.problem) field?.focus();
  };
  return (
    <LoginStep
      title="Do you have your key?"
      count="Step 3 of 3"
      lead="Look at the key where you saved it, and type how it ends."
      onBack={props.onBack}
    >
      {/* A paste would prove the clipboard, which the next copy empties. */}
      <form
        class="flex flex-col gap-5"
        onSubmit={confirm}
        onPaste={(event) => event.preventDefault()}
      >
        <Field
          label="The last 6 characters of your key"
          name="ending"
          value={typed()}
          onInput={setTyped}
          mono
          required
          autofocus
          ref={(element) => {
            field = element;
          }}
          hint="Typed, not pasted: what is still on the clipboard is saved nowhere."
          error={props.flow.state().context.problem}
        />
        <StayLoggedIn keep={keep()} onKeep={setKeep} />
        <Button variant="buoy" type="submit" class="self-start">
          Log in
        </Button>
      </form>
    </LoginStep>
  );
};
