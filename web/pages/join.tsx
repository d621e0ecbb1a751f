import { A, useLocation, useParams } from "@solidjs/router";
import { createSignal, Match, onMount, Show, Switch } from "solid-js";
import { ApiProblem, wordsOf } from "../lib/api/api.ts";
import { loginPath } from "../lib/login/places.ts";
import { communityBy, joinBy, shortKey } from "../lib/relays/people.ts";
import { clientsOf } from "../lib/relays/state.ts";
import { login } from "../lib/signers/session.ts";
import { Button, buttonVariants } from "../ui/button.tsx";
import { Callout } from "../ui/callout.tsx";
import { Skeleton } from "../ui/skeleton.tsx";

type Community = Awaited<ReturnType<typeof communityBy>>;

/** Why nobody joins by it now, in words. */
const CLOSED: Partial<Record<Community["state"], string>> = {
  closed: "This community is closed for now. Try again later.",
  expired: "This link has expired. Ask whoever gave it to you for another.",
  used_up: "This link was used as often as it may be. Ask for another.",
};

/** An invite to a community, for people without a key too. */
const Page = () => {
  const params = useParams();
  const location = useLocation();
  const token = () => params.token ?? "";
  const [community, setCommunity] = createSignal<Community | null>(null);
  const [standing, setStanding] = createSignal<"member" | "waiting" | null>(null);
  const [isBusy, setIsBusy] = createSignal(false);
  const [problem, setProblem] = createSignal<string | null>(null);
  const [isLost, setIsLost] = createSignal(false);

  async function look(): Promise<void> {
    setProblem(null);
    try {
      setCommunity(await communityBy(token()));
    } catch (error) {
      setIsLost(error instanceof ApiProblem && error.code === "invite_not_found");
      setProblem(wordsOf(error));
    }
  }
  onMount(() => void look());
  async function join(): Promise<void> {
    setIsBusy(true);
    setProblem(null);
    try {
      const answer = await joinBy(token());
      setStanding(answer.standing === "waiting" ? "waiting" : "member");
    } catch (error) {
      setProblem(wordsOf(error));
    } finally {
      setIsBusy(false);
    }
  }
  const here = () => location.pathname;

  return (
    <div class="page">
      <div class="mx-auto w-full max-w-[480px] pt-8 max-sm:pt-2">
        <Show
          when={community()}
          fallback={
            <Show
              when={problem()}
              fallback={
                <div role="status">
                  <span class="sr-only">The invite is loading.</span>
                  <Skeleton class="h-10 w-64 max-w-full" />
                  <Skeleton class="mt-4 h-24 rounded-card" />
                </div>
              }
            >
              {(words) => (
                <>
                  <h1 class="text-4xl">{isLost() ? "This link leads nowhere" : "Not just now"}</h1>
                  <p class="mt-4 text-soft">{words()}</p>
                  <Show when={!isLost()}>
                    <Button class="mt-6" onClick={() => void look()}>
                      Try again
                    </Button>
                  </Show>
                </>
              )}
            </Show>
          }
        >
          {(found) => (
            <>
              <p class="text-soft">You are invited to</p>
              <h1 class="mt-1 text-4xl wrap-anywhere">{found().name}</h1>
              <p class="mt-1 font-mono text-sm text-soft wrap-anywhere">{found().host}</p>
              <Show when={found().description}>
                <p class="mt-4 whitespace-pre-line wrap-anywhere">{found().description}</p>
              </Show>
              <div class="mt-6 flex flex-col gap-3">
                <Switch>
                  <Match when={standing() === "member"}>
                    <Callout tone="active" role="status" title="You are in">
                      <p>Open {found().name} in an app, and log in there with the same key.</p>
                    </Callout>
                    <a
                      href={clientsOf(found().host)[0]?.href}
                      target="_blank"
                      rel="noopener noreferrer"
                      class={buttonVariants({ variant: "buoy" })}
                    >
                      Open in Flotilla
                    </a>
                  </Match>
                  <Match when={standing() === "waiting"}>
                    <Callout tone="grace" role="status" title="You are on the waiting list">
                      <p>
                        It is full right now. Whoever has waited longest is let in first: come back
                        to this page to see.
                      </p>
                    </Callout>
                  </Match>
                  <Match when={CLOSED[found().state]}>
                    {(words) => <Callout tone="grace">{words()}</Callout>}
                  </Match>
                  <Match when={login()}>
                    {(who) => (
                      <>
                        <Show when={found().state === "full"}>
                          <p class="text-soft">It is full: you would wait until there is room.</p>
                        </Show>
                        <Button variant="buoy" busy={isBusy()} onClick={() => void join()}>
                          {found().state === "full" ? "Join the waiting list" : "Join"}
                        </Button>
                        <p class="text-sm text-soft">As {shortKey(who().pubkey)}.</p>
                      </>
                    )}
                  </Match>
                  <Match when={true}>
                    <A
                      href={loginPath("create", here())}
                      class={buttonVariants({ variant: "buoy" })}
                    >
                      Join with a new key
                    </A>
                    <A href={loginPath("", here())} class={buttonVariants()}>
                      I have a Nostr key
                    </A>
                    <p class="text-sm text-soft">
                      A key is your name and your password in one. Making one takes half a minute,
                      and asks for no address.
                    </p>
                  </Match>
                </Switch>
                <Show when={problem()}>
                  {(words) => (
                    <Callout tone="suspended" role="alert">
                      {words()}
                    </Callout>
                  )}
                </Show>
              </div>
            </>
          )}
        </Show>
      </div>
    </div>
  );
};
export default Page;
