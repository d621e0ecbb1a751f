/** Logging in by a signer that is somewhere else: extension, address, app. */
import { createEffect, createSignal, lazy, Match, on, Show, Suspense, Switch } from "solid-js";
import type { LoginFlow } from "../../lib/login/flow.ts";
import { Button, buttonVariants } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";
import { cn } from "../../ui/cn.ts";
import { Field } from "../../ui/field.tsx";
import { Spinner } from "../../ui/spinner.tsx";
import { CopyButton } from "../copy.tsx";
import { ChallengeLink, LoginStep, Waiting } from "./step.tsx";

const QrCode = lazy(() => import("../qr.tsx").then((module) => ({ default: module.QrCode })));

type StepProps = { flow: LoginFlow; onBack: () => void };

export const LoginExtension = (props: StepProps) => (
  <LoginStep title="Your extension" onBack={props.onBack}>
    <Show
      when={props.flow.state().context.problem}
      fallback={
        <Waiting title="Waiting for your extension">
          Approve the request in its window. It may be behind this one.
        </Waiting>
      }
    >
      {(problem) => (
        <>
          <Callout tone="suspended" role="alert">
            {problem()}
          </Callout>
          <div class="flex flex-wrap gap-3">
            <Button variant="buoy" onClick={() => props.flow.send({ type: "retry" })}>
              Try again
            </Button>
            <Button onClick={props.onBack}>Choose another way</Button>
          </div>
        </>
      )}
    </Show>
  </LoginStep>
);

export const LoginBunker = (
  props: StepProps & { address: string; onAddress: (text: string) => void },
) => {
  const state = () => props.flow.state();
  const isJoining = () => state().matches({ bunker: "joining" });
  let field: HTMLElement | undefined;
  // What was wrong is said where it is mended.
  createEffect(on(isJoining, (now, before) => before && !now && field?.focus()));
  const join = (event: SubmitEvent): void => {
    event.preventDefault();
    props.flow.send({ type: "join", address: props.address });
  };
  return (
    <LoginStep
      title="Signer address"
      lead="Your signer shows an address that begins with bunker://. Copy the whole of it; it is good for one login. If your signer gave you a name like you@example.com, type that."
      onBack={props.onBack}
    >
      <form class="flex flex-col gap-5" onSubmit={join}>
        <Field
          label="Address"
          name="address"
          value={props.address}
          onInput={props.onAddress}
          placeholder="bunker://…"
          mono
          required
          disabled={isJoining()}
          autofocus
          error={state().context.problem}
          ref={(element) => {
            field = element;
          }}
        />
        <Show
          when={isJoining()}
          fallback={
            <Button variant="buoy" type="submit" class="self-start">
              Connect
            </Button>
          }
        >
          <Waiting
            title={
              state().context.isLinked === false
                ? "The connection to the relay dropped"
                : state().context.isLinked
                  ? "Waiting for your signer"
                  : "Connecting to your signer’s relay"
            }
            tone={state().context.isLinked === false ? "grace" : "harbour"}
          >
            <Challenge url={state().context.challenge}>
              {state().context.isLinked === false
                ? "Trying again. Your signer is asked once more then."
                : "It may want you to approve. Open it if nothing happens."}
            </Challenge>
          </Waiting>
          <Button class="self-start" onClick={() => props.flow.send({ type: "back" })}>
            Cancel
          </Button>
        </Show>
      </form>
    </LoginStep>
  );
};

const Challenge = (props: { url: string | null; children: string }) => (
  <Show when={props.url} fallback={<p>{props.children}</p>}>
    {(url) => (
      <>
        <p>Your signer wants you to approve this on its own page. Come back here then.</p>
        <p class="mt-1">
          <ChallengeLink url={url()} />
        </p>
      </>
    )}
  </Show>
);

export const LoginConnect = (props: StepProps & { isPhone: boolean }) => {
  const state = () => props.flow.state();
  const isOpen = () => state().matches({ connect: "offering" });
  const [isCodeShown, setIsCodeShown] = createSignal(!props.isPhone);
  return (
    <LoginStep
      title={props.isPhone ? "Approve in your signer app" : "Scan with your signer app"}
      lead={
        props.isPhone
          ? "Open it, approve Berth, and come back to this page."
          : "In Amber, Primal or another app that holds your key, choose to connect, and scan this code."
      }
      onBack={props.onBack}
    >
      <Switch>
        <Match when={!isOpen()}>
          <Callout tone="suspended" role="alert">
            {state().context.problem}
          </Callout>
          <div class="flex flex-wrap gap-3">
            <Button variant="buoy" onClick={() => props.flow.send({ type: "retry" })}>
              Get a new code
            </Button>
            <Button onClick={props.onBack}>Choose another way</Button>
          </div>
        </Match>
        <Match when={isOpen()}>
          <Show when={props.isPhone}>
            <a
              href={state().context.uri ?? undefined}
              class={cn(buttonVariants({ variant: "buoy" }), "min-h-12 w-full")}
            >
              Open your signer app
            </a>
          </Show>
          <Show
            when={isCodeShown()}
            fallback={
              <Button class="self-start" onClick={() => setIsCodeShown(true)}>
                Show a code for another device
              </Button>
            }
          >
            <div class="flex flex-col items-center gap-4 rounded-card border border-line bg-raised p-5 max-sm:p-4">
              <div class="grid aspect-square w-full max-w-[320px] place-items-center">
                <Suspense fallback={<Spinner />}>
                  <Show when={state().context.uri} fallback={<Spinner />}>
                    {(uri) => (
                      <QrCode
                        text={uri()}
                        label="QR code for your signer app"
                        class="size-full rounded-[10px]"
                      />
                    )}
                  </Show>
                </Suspense>
              </div>
              <div class="flex flex-wrap justify-center gap-2">
                <CopyButton
                  text={state().context.uri ?? ""}
                  label="Copy the link"
                  size="small"
                  class="min-h-10"
                />
                <Show when={!props.isPhone}>
                  <a
                    href={state().context.uri ?? undefined}
                    class={cn(buttonVariants({ variant: "outline", size: "small" }), "min-h-10")}
                  >
                    Open on this device
                  </a>
                </Show>
              </div>
            </div>
          </Show>
          <ConnectStatus flow={props.flow} isCodeShown={isCodeShown()} />
        </Match>
      </Switch>
    </LoginStep>
  );
};

const ConnectStatus = (props: { flow: LoginFlow; isCodeShown: boolean }) => {
  const state = () => props.flow.state();
  const isMet = () => !state().matches({ connect: { offering: "scanning" } });
  const isLost = () => state().context.isLinked === false;
  const title = () => {
    if (state().context.challenge) return "Your signer wants you to approve";
    if (isLost()) return "The connection to the relay dropped";
    if (isMet()) return "Your signer has answered";
    return state().context.isLinked ? "Waiting for your signer" : "Connecting to the relay";
  };
  const words = () => {
    if (isLost()) return `Trying again. The ${props.isCodeShown ? "code" : "link"} stays good.`;
    if (isMet()) return "It is asked who you are.";
    return props.isCodeShown
      ? "The code is good for five minutes, for one login."
      : "Come back to this page when you have approved. The link is good for five minutes.";
  };
  return (
    <Waiting title={title()} tone={isLost() ? "grace" : "harbour"}>
      <Challenge url={state().context.challenge}>{words()}</Challenge>
    </Waiting>
  );
};
