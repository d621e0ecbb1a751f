import { createEffect, createSignal, on, Show } from "solid-js";
import type { LoginFlow } from "../../lib/login/flow.ts";
import { isLocked } from "../../lib/signers/locked-key.ts";
import { Button } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";
import { Field } from "../../ui/field.tsx";
import { StayLoggedIn } from "./stay.tsx";
import { LoginStep } from "./step.tsx";

/** Logging in by a secret key that somebody has. */
export const LoginKey = (props: { flow: LoginFlow; onBack: () => void }) => {
  const [text, setText] = createSignal("");
  const [password, setPassword] = createSignal("");
  const [keep, setKeep] = createSignal(false);
  const state = () => props.flow.state();
  let field: HTMLElement | undefined;
  createEffect(
    on(
      () => state().context.problem,
      (problem) => problem && field?.focus(),
    ),
  );
  const open = (event: SubmitEvent): void => {
    event.preventDefault();
    props.flow.send({ type: "open", text: text(), password: password(), keep: keep() });
  };
  return (
    <LoginStep title="Secret key" onBack={props.onBack}>
      <Callout tone="grace" title="A signer is safer">
        A key that you paste can be read by this page. An extension or a signer app keeps it to
        itself, and only signs. Whoever has the key is you, and it cannot be changed.
      </Callout>
      <form class="flex flex-col gap-5" onSubmit={open}>
        <Field
          label="Your secret key"
          name="secret-key"
          type="password"
          value={text()}
          onInput={setText}
          placeholder="nsec1…"
          mono
          required
          autofocus
          ref={(element) => {
            field = element;
          }}
          hint="As nsec, as ncryptsec, or as 64 characters of hex. It never leaves this browser."
          error={state().context.problem}
        />
        <Show when={isLocked(text())}>
          <Field
            label="Its password"
            name="key-password"
            type="password"
            value={password()}
            onInput={setPassword}
            hint="This key is locked. The password opens it here, in this browser."
          />
        </Show>
        <StayLoggedIn keep={keep()} onKeep={setKeep} />
        <Button
          variant="buoy"
          type="submit"
          class="self-start"
          busy={state().matches({ key: "opening" })}
        >
          Log in
        </Button>
      </form>
    </LoginStep>
  );
};
