import { A, useLocation } from "@solidjs/router";
import { Monitor, Moon, Sun } from "lucide-solid";
import {
  type Component,
  createEffect,
  ErrorBoundary,
  For,
  type JSX,
  lazy,
  Show,
  Suspense,
} from "solid-js";
import { Dynamic } from "solid-js/web";
import { contactLink, operator } from "../lib/page/settings.ts";
import { setTheme, type Theme, theme } from "../lib/page/theme.ts";
import { login } from "../lib/signers/session.ts";
import { buttonVariants } from "../ui/button-variants.ts";
import { Broken } from "./broken.tsx";
import { Mark } from "./mark.tsx";

const Account = lazy(() => import("./person.tsx"));
/** Where toasts stand: on every page but the first that a visitor sees, which says none. */
const Toasts = lazy(() => import("../ui/toast.tsx").then(({ Toasts }) => ({ default: Toasts })));
const SignerNotice = lazy(() => import("./signer-notice.tsx"));

/**
 * What stands around every page: the bar above, the place for content, the foot.
 *
 * @param props.below - the sandbox's bar, where there is one
 */
export const Shell = (props: { children?: JSX.Element; below: Component | null }) => {
  const location = useLocation();
  const isHome = () => location.pathname === "/";
  let main: HTMLElement | undefined;
  // A new page is read from its start, by eye and by ear.
  createEffect((before: string | undefined) => {
    const { pathname } = location;
    if (before !== undefined && before !== pathname) main?.focus({ preventScroll: true });
    return pathname;
  });

  return (
    <div class="flex min-h-dvh flex-col">
      <button
        type="button"
        class="absolute top-2 left-2 z-50 -translate-y-[300%] rounded-control bg-harbour px-4 py-2 text-paper focus:translate-y-0"
        onClick={() => main?.focus()}
      >
        Skip to the content
      </button>
      <header class="page flex min-h-[72px] items-center justify-between gap-4 max-[359px]:gap-2">
        <A
          href="/"
          class="inline-flex min-h-11 items-center gap-2.5 font-display text-xl font-bold tracking-[-0.025em] text-ink no-underline"
        >
          <Mark />
          <span class="max-[339px]:sr-only">Berth</span>
        </A>
        <Show
          when={login()}
          fallback={
            <Show when={location.pathname !== "/login"}>
              <VisitorNav />
            </Show>
          }
        >
          <nav aria-label="Main" class="flex items-center gap-1">
            <Show when={isHome()} fallback={<NavLinks />}>
              <A href="/relays" class={buttonVariants({ variant: "buoy", size: "compact" })}>
                Dashboard
              </A>
            </Show>
            <Suspense fallback={<span class="size-10" />}>
              <Account />
            </Suspense>
          </nav>
        </Show>
      </header>
      <main id="main" tabIndex={-1} ref={main} class="grow pb-24">
        <ErrorBoundary fallback={(error, reset) => <Broken error={error} onAnother={reset} />}>
          {props.children}
        </ErrorBoundary>
      </main>
      <Foot />
      <Show when={props.below}>
        {(bar) => (
          <Suspense>
            <Dynamic component={bar()} />
          </Suspense>
        )}
      </Show>
      <Show when={!isHome() || props.below}>
        <Suspense>
          <Toasts />
        </Suspense>
      </Show>
      <Show when={login() && login()?.method !== "key"}>
        <Suspense>
          <SignerNotice />
        </Suspense>
      </Show>
    </div>
  );
};

const NavLinks = () => (
  <>
    <NavLink href="/relays">Relays</NavLink>
    <NavLink href="/account">Account</NavLink>
  </>
);

const NavLink = (props: { href: string; children: JSX.Element }) => (
  <A
    href={props.href}
    class="inline-flex min-h-10 items-center rounded-control px-3 text-[15px] font-medium no-underline hover:bg-tint max-[359px]:px-2"
    activeClass="text-ink"
    inactiveClass="text-soft"
  >
    {props.children}
  </A>
);

const VisitorNav = () => (
  <nav aria-label="Main" class="flex items-center gap-2">
    <A href="/login" class={buttonVariants({ size: "compact", class: "max-[359px]:px-2.5" })}>
      Log in
    </A>
    <A
      href="/relays/new"
      class={buttonVariants({ variant: "buoy", size: "compact", class: "max-[359px]:px-2.5" })}
    >
      Get started
    </A>
  </nav>
);

const THEMES: { id: Theme; label: string; icon: typeof Sun }[] = [
  { id: "system", label: "System", icon: Monitor },
  { id: "light", label: "Light", icon: Sun },
  { id: "dark", label: "Dark", icon: Moon },
];

const footLink =
  "inline-flex min-h-10 items-center rounded-control px-3 text-soft no-underline hover:bg-tint hover:text-ink";

const LINK_WORDS: Record<keyof typeof operator.links, string> = {
  terms: "Terms",
  privacy: "Privacy",
  status: "Status",
  source: "Source",
};

/** Whom people deal with, and where to write. */
const Operator = () => (
  <Show when={operator.name || operator.contact}>
    <p class="wrap-anywhere">
      {operator.name && `Run by ${operator.name}. `}
      <Show when={operator.contact}>
        {(contact) => (
          <a href={contactLink(contact())} class="text-soft underline hover:text-ink">
            {contact().includes("@") ? contact() : "Write to us on Nostr"}
          </a>
        )}
      </Show>
    </p>
  </Show>
);

const Foot = () => (
  <footer class="page flex flex-wrap items-center justify-between gap-x-8 gap-y-3 border-t border-line py-6 text-sm text-soft">
    <div class="min-w-0">
      <p>Berth hosts community relays on Nostr.</p>
      <Operator />
    </div>
    <div class="flex flex-wrap items-center gap-x-4 gap-y-2 max-sm:-ml-3">
      <nav aria-label="More" class="flex flex-wrap gap-x-1">
        <A href="/#plans" class={footLink}>
          Plans
        </A>
        <a href="/openapi" class={footLink} rel="external">
          API
        </a>
        <For each={Object.entries(operator.links)}>
          {([name, href]) => (
            <a href={href} class={footLink} rel="external">
              {LINK_WORDS[name as keyof typeof operator.links]}
            </a>
          )}
        </For>
      </nav>
      <fieldset class="flex items-center gap-0.5 rounded-control border border-line p-0.5">
        <legend class="sr-only">Colours</legend>
        {THEMES.map(({ id, label, icon: Icon }) => (
          <button
            type="button"
            aria-label={label}
            title={label}
            aria-pressed={theme() === id}
            class="grid size-10 place-items-center rounded-[7px] aria-pressed:bg-tint aria-pressed:text-ink hover:text-ink"
            onClick={() => setTheme(id)}
          >
            <Icon aria-hidden="true" class="size-4" />
          </button>
        ))}
      </fieldset>
    </div>
  </footer>
);
