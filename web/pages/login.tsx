import { useNavigate, useSearchParams } from "@solidjs/router";
import { createEffect, createSignal, Match, on, onCleanup, onMount, Show, Switch } from "solid-js";
import type { NewProfile, Way } from "../../machines/login.ts";
import { planIds, plans } from "../../machines/plans.ts";
import { LoginAlready } from "../components/login/already.tsx";
import { LoginChoices } from "../components/login/choices.tsx";
import { LoginBackup, LoginConfirm, LoginName } from "../components/login/create.tsx";
import { LoginKey } from "../components/login/key.tsx";
import { LoginBunker, LoginConnect, LoginExtension } from "../components/login/signers.tsx";
import { LoginStep, Waiting } from "../components/login/step.tsx";
import { createLoginFlow } from "../lib/login/flow.ts";
import {
  isBefore,
  loginPath,
  type Place,
  parentOf,
  placeIn,
  placeOf,
  wantedPath,
} from "../lib/login/places.ts";
import { findExtension } from "../lib/signers/extension.ts";
import { lapsed, login } from "../lib/signers/session.ts";
import { sats } from "../lib/words/format.ts";
import { Callout } from "../ui/callout.tsx";
import { say } from "../ui/toast.tsx";

/** Some extensions come late, and some when they are switched on. */
const LOOK_FOR_MS = 60_000;

/** A phone, where a signer is an app beside the browser. */
const PHONE = "(pointer: coarse) and (max-width: 820px)";

const Page = () => {
  const flow = createLoginFlow();
  const [params] = useSearchParams();
  const to = () => wantedPath(params.to);
  const { goTo, goBack, leaveTo } = createSteps(flow, to);

  const [address, setAddress] = createSignal("");
  const [profile, setProfile] = createSignal<NewProfile>({ name: "", picture: "", about: "" });
  const [hasExtension, setHasExtension] = createSignal(window.nostr !== undefined);
  const isPhone = createMedia(PHONE);
  const [isFirst, setIsFirst] = createSignal(true);
  onMount(() => void findExtension(LOOK_FOR_MS).then((found) => setHasExtension(found !== null)));
  // A phone's browser has the link at hand, so that one tap opens the app.
  createEffect(() => {
    if (isPhone() && flow.state().matches("choosing")) void flow.prepareOffer();
  });

  const state = flow.state;
  const isOver = () => state().matches("done");
  const isEntering = () => state().matches("entering") || state().matches("publishing");
  createEffect(() => {
    if (placeIn(state()) !== "") setIsFirst(false);
  });
  createEffect(
    on(isOver, (over) => {
      if (!over) return;
      const { problem } = state().context;
      if (problem) say(problem, "neutral");
      leaveTo(to());
    }),
  );
  const back = { flow, onBack: goBack };

  return (
    <div class="page">
      <div class="mx-auto w-full max-w-[480px] pt-8 max-sm:pt-2">
        <Switch>
          <Match when={isEntering() || isOver()}>
            <LoginStep title={state().matches("publishing") ? "Welcome" : "Logging you in"}>
              <Waiting
                title={
                  state().matches("publishing") ? "Publishing your profile" : "Your signer works"
                }
              >
                You go on in a moment.
              </Waiting>
            </LoginStep>
          </Match>
          <Match when={login()}>
            {(who) => <LoginAlready pubkey={who().pubkey} onGo={() => leaveTo(to())} />}
          </Match>
          <Match when={state().matches("choosing")}>
            <LoginStep
              title="Log in"
              isFirst={isFirst()}
              lead="There is no password. Your Nostr key is your account, and the signer that holds it signs for you."
            >
              <Show when={planOf(to())}>
                {(plan) => (
                  <p class="text-[15px]">
                    You chose <strong>{plan().name}</strong>
                    {plan().priceSats === 0
                      ? ", which is free"
                      : `, ${sats(plan().priceSats)} a month`}
                    . It comes right after this.
                  </p>
                )}
              </Show>
              <Show when={state().context.problem ?? lapsed()}>
                {(words) => (
                  <Callout tone="grace" role="alert">
                    {words()}
                  </Callout>
                )}
              </Show>
              <LoginChoices
                hasExtension={hasExtension()}
                isPhone={isPhone()}
                appLink={flow.offered()}
                hrefOf={(way: Way) => loginPath(way, to())}
                onGo={goTo}
              />
            </LoginStep>
          </Match>
          <Match when={state().matches("extension")}>
            <LoginExtension {...back} />
          </Match>
          <Match when={state().matches("bunker")}>
            <LoginBunker {...back} address={address()} onAddress={setAddress} />
          </Match>
          <Match when={state().matches("connect")}>
            <LoginConnect {...back} isPhone={isPhone()} />
          </Match>
          <Match when={state().matches("key")}>
            <LoginKey {...back} />
          </Match>
          <Match when={state().matches({ create: "backup" })}>
            <LoginBackup {...back} />
          </Match>
          <Match when={state().matches({ create: "confirming" })}>
            <LoginConfirm {...back} />
          </Match>
          <Match when={state().matches("create")}>
            <LoginName {...back} profile={profile()} onProfile={setProfile} />
          </Match>
        </Switch>
      </div>
    </div>
  );
};
export default Page;

/** Keeps the address and the machine in step: each step forward is one that the back button takes back. */
function createSteps(flow: ReturnType<typeof createLoginFlow>, to: () => string) {
  const navigate = useNavigate();
  const [params] = useSearchParams();
  /** How many steps of ours lie behind in the history. */
  let depth = 0;
  const here = () => placeOf(params.with);
  const at = () => placeIn(flow.state());
  const goTo = (place: Place, options: { replace?: boolean } = {}): void =>
    navigate(loginPath(place, to()), { ...options, scroll: false });

  let before = here();
  // The address changed: by a link, or by the back button.
  createEffect(
    on(here, (place) => {
      depth = Math.max(0, depth + (isBefore(place, before) ? -1 : isBefore(before, place) ? 1 : 0));
      before = place;
      if (at() === null || at() === place) return;
      while (at() !== null && isBefore(place, at() ?? "")) {
        const from = flow.state();
        flow.send({ type: "back" });
        if (flow.state() === from) break;
      }
      // Who is logged in is asked first whether they want to be somebody else.
      if (login() !== null) return;
      if (at() === "" && place !== "" && parentOf(place) === "")
        flow.send({ type: "choose", way: place as Way });
      // It cannot be come to like this, as a backup of no key.
      if (at() !== null && at() !== place) goTo(at() ?? "", { replace: true });
    }),
  );
  // The machine went on by itself.
  createEffect(
    on(
      at,
      (place) => {
        if (place === null || place === here()) return;
        goTo(place, { replace: parentOf(place) !== here() });
      },
      { defer: true },
    ),
  );
  createEffect(
    on(
      login,
      (who) => {
        const place = at();
        if (who === null && place !== null && place !== here()) goTo(place, { replace: true });
      },
      { defer: true },
    ),
  );

  return {
    goTo,
    goBack(): void {
      if (depth > 0) history.back();
      else goTo(parentOf(here()) ?? "", { replace: true });
    },
    /** On to another page, in place of all the steps. */
    leaveTo(path: string): void {
      const leave = () => navigate(path, { replace: true });
      if (depth === 0) leave();
      else {
        addEventListener("popstate", () => queueMicrotask(leave), { once: true });
        history.go(-depth);
      }
    },
  };
}

/** The plan that somebody came for; null for none. */
function planOf(to: string) {
  const plan = new URL(to, location.origin).searchParams.get("plan");
  const id = planIds.find((one) => one === plan);
  return to.startsWith("/relays/new") && id ? plans[id] : null;
}

/** Whether a media query holds now. */
function createMedia(query: string): () => boolean {
  const media = matchMedia(query);
  const [matches, setMatches] = createSignal(media.matches);
  const change = (): void => void setMatches(media.matches);
  media.addEventListener("change", change);
  onCleanup(() => media.removeEventListener("change", change));
  return matches;
}
