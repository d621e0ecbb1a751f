/** A key of one's own: who one is, the key saved, and shown to be saved. */
import { Download, Eye, EyeOff } from "lucide-solid";
import { createSignal, Show } from "solid-js";
import type { NewProfile } from "../../../machines/login.ts";
import type { LoginFlow } from "../../lib/login/flow.ts";
import { Button } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";
import { Field } from "../../ui/field.tsx";
import { CopyButton } from "../copy.tsx";
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
  const [isShown, setIsShown] = createSignal(false);
  const nsec = props.flow.nsec();
  const saved = (): void => props.flow.send({ type: "saved" });
  const download = (): void => {
    const file = new Blob([fileOf(nsec, props.flow.state().context.profile.name)], {
      type: "text/plain",
    });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = "nostr-secret-key.txt";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
    saved();
  };
  return (
    <LoginStep
      title="Save your key"
      count="Step 2 of 3"
      lead="This secret key is your account, here and in every Nostr app. Nobody else has it: if you lose it, nobody can bring it back. Keep it in a password manager, or on paper."
      onBack={props.onBack}
    >
      <div class="rounded-card border border-line bg-raised">
        <div class="flex items-start justify-between gap-3 px-4 pt-3 pb-4">
          <div class="min-w-0">
            <p class="text-sm text-soft" id="key-label">
              Your secret key
            </p>
            {/* biome-ignore lint/a11y/useSemanticElements: it is text to read, not a form's result. */}
            <p
              role="group"
              aria-labelledby="key-label"
              class="mt-1 font-mono text-[15px] leading-relaxed break-all"
            >
              <Show when={isShown()} fallback={<Masked />}>
                {nsec}
              </Show>
            </p>
          </div>
          <Button
            size="icon"
            variant="ghost"
            aria-label={isShown() ? "Hide the key" : "Show the key"}
            onClick={() => setIsShown(!isShown())}
          >
            <Show when={isShown()} fallback={<Eye aria-hidden="true" />}>
              <EyeOff aria-hidden="true" />
            </Show>
          </Button>
        </div>
        <div class="flex flex-wrap gap-2 border-t border-line p-3">
          <CopyButton text={nsec} label="Copy" size="small" class="min-h-10" onCopied={saved} />
          <Button size="small" class="min-h-10" onClick={download}>
            <Download aria-hidden="true" /> Download as a file
          </Button>
        </div>
      </div>
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

const NSEC_LENGTH = 63;
const Masked = () => (
  <>
    nsec1<span aria-hidden="true">{"•".repeat(NSEC_LENGTH - 5)}</span>
    <span class="sr-only">hidden</span>
  </>
);

const fileOf = (nsec: string, name: string): string =>
  `Nostr secret key${name.trim() === "" ? "" : ` of ${name.trim()}`}\n\n${nsec}\n\nWhoever has this key is you, in every Nostr app. Keep it to yourself.\nPaste it only into an app that you trust with your whole account.\n`;

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
      <form class="flex flex-col gap-5" onSubmit={confirm}>
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
          hint="Or paste the whole key."
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
