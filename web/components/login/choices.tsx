import { A } from "@solidjs/router";
import {
  ChevronRight,
  Link2,
  type LucideProps,
  Puzzle,
  QrCode,
  ShieldAlert,
  Sparkles,
} from "lucide-solid";
import { For, type JSX, Match, Show, Switch } from "solid-js";
import { Dynamic } from "solid-js/web";
import type { Way } from "../../../machines/login.ts";
import { Button, buttonVariants } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";

type Choice = {
  way: Way;
  icon: (props: LucideProps) => JSX.Element;
  title: string;
  /** As a button of its own, when it is the best one. */
  call: string;
  hint: string;
};

/** The ways to log in, the best one here first. */
export const LoginChoices = (props: {
  hasExtension: boolean;
  isPhone: boolean;
  /** Opens a signer app on this device; null until it is made. */
  appLink: string | null;
  hrefOf: (way: Way) => string;
  /** Begins a way whose button does more than lead to its step. */
  onGo: (way: Way) => void;
}) => {
  const extension = (): Choice => ({
    way: "extension",
    icon: Puzzle,
    title: "Browser extension",
    call: "Continue with your extension",
    hint: props.hasExtension
      ? "It signs what you approve. Your key stays in it."
      : "None was found in this browser. Alby and nos2x are two.",
  });
  const app = (): Choice =>
    props.isPhone
      ? {
          way: "connect",
          icon: QrCode,
          title: "Signer app",
          call: "Open your signer app",
          hint: "Amber, Primal or another one that holds your key. Approve there, then come back.",
        }
      : {
          way: "connect",
          icon: QrCode,
          title: "Signer app",
          call: "Scan with your signer app",
          hint: "Scan a code with Amber, Primal or another app that holds your key.",
        };
  const others: Choice[] = [
    {
      way: "bunker",
      icon: Link2,
      title: "Signer address",
      call: "Paste a signer’s address",
      hint: "Paste the bunker:// address that your signer shows, or name@domain.",
    },
    {
      way: "key",
      icon: ShieldAlert,
      title: "Secret key",
      call: "Paste a secret key",
      hint: "Paste an nsec. A signer would keep it safer.",
    },
  ];
  const ordered = (): Choice[] => {
    // Browsers of phones know hardly any: there it is offered where it is.
    if (props.isPhone && !props.hasExtension) return [app(), ...others];
    return props.hasExtension
      ? [extension(), app(), ...others]
      : [app(), ...others.slice(0, 1), extension(), ...others.slice(1)];
  };
  const best = () => ordered()[0] as Choice;
  const newcomer = () => (
    <ul class="overflow-hidden rounded-card border border-line bg-raised">
      <Row
        href={props.hrefOf("create")}
        choice={{
          way: "create",
          icon: Sparkles,
          title: "New to Nostr? Create a key",
          call: "",
          hint: "It takes a minute, and is your account in every Nostr app.",
        }}
      />
    </ul>
  );
  return (
    <div class="flex flex-col gap-6">
      {/* Who has no extension is most likely new here. */}
      <Show when={!props.hasExtension}>{newcomer()}</Show>
      <div>
        <Switch
          fallback={
            <A
              href={props.hrefOf(best().way)}
              class={cn(buttonVariants({ variant: "buoy" }), "min-h-12 w-full")}
            >
              <Dynamic component={best().icon} aria-hidden="true" /> {best().call}
            </A>
          }
        >
          <Match when={best().way === "extension"}>
            <Button variant="buoy" class="min-h-12 w-full" onClick={() => props.onGo("extension")}>
              <Dynamic component={best().icon} aria-hidden="true" /> {best().call}
            </Button>
          </Match>
          <Match when={props.isPhone && props.appLink}>
            {(link) => (
              <a
                href={link()}
                class={cn(buttonVariants({ variant: "buoy" }), "min-h-12 w-full")}
                onClick={() => props.onGo("connect")}
              >
                <Dynamic component={best().icon} aria-hidden="true" /> {best().call}
              </a>
            )}
          </Match>
        </Switch>
        <p class="mt-2 text-center text-sm text-soft">{best().hint}</p>
      </div>
      <nav aria-label="Other ways to log in">
        <ul class="divide-y divide-line overflow-hidden rounded-card border border-line bg-raised">
          <For each={ordered().slice(1)}>
            {(choice) => <Row choice={choice} href={props.hrefOf(choice.way)} />}
          </For>
        </ul>
      </nav>
      <Show when={props.hasExtension}>{newcomer()}</Show>
    </div>
  );
};

const Row = (props: { choice: Choice; href: string }) => (
  <li>
    <A
      href={props.href}
      class="group flex min-h-16 items-center gap-4 px-4 py-3 no-underline hover:bg-tint focus-visible:-outline-offset-2"
    >
      <Dynamic
        component={props.choice.icon}
        aria-hidden="true"
        class="size-5 shrink-0 text-harbour"
      />
      <span class="min-w-0 grow">
        <span class="block font-semibold text-ink">{props.choice.title}</span>
        <span class="block text-sm text-soft">{props.choice.hint}</span>
      </span>
      <ChevronRight aria-hidden="true" class="size-5 shrink-0 text-soft" />
    </A>
  </li>
);
