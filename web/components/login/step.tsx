import { ArrowLeft } from "lucide-solid";
import { type JSX, onMount, Show } from "solid-js";
import { Spinner } from "../../ui/spinner.tsx";
import { WindowTitle } from "../page-title.tsx";

/** One step of the login: its title is read first when it is come to. */
export const LoginStep = (props: {
  title: string;
  lead?: JSX.Element;
  /** Which step of how many. */
  count?: string;
  onBack?: () => void;
  /** The first thing that a visitor sees takes no focus. */
  isFirst?: boolean;
  children: JSX.Element;
}) => {
  let section: HTMLElement | undefined;
  WindowTitle(props);
  onMount(() => {
    if (props.isFirst) return;
    // Where there is one thing to type, it can be typed at once. Browsers heed `autofocus` on load alone.
    const first =
      section?.querySelector<HTMLElement>("[autofocus]") ?? section?.querySelector("h1");
    first?.focus({ preventScroll: true });
    scrollTo(0, 0);
  });
  return (
    <section ref={section} class="rise flex flex-col gap-6">
      <div>
        <Show when={props.onBack}>
          <button
            type="button"
            class="-ml-2 mb-3 inline-flex min-h-10 items-center gap-1.5 rounded-control px-2 text-[15px] font-medium text-soft hover:bg-tint hover:text-ink"
            onClick={() => props.onBack?.()}
          >
            <ArrowLeft aria-hidden="true" class="size-4" /> Back
          </button>
        </Show>
        <Show when={props.count}>
          <p class="mb-1 text-sm font-semibold text-soft">{props.count}</p>
        </Show>
        <h1 tabIndex={-1} class="text-[32px] max-sm:text-[28px]">
          {props.title}
        </h1>
        <Show when={props.lead}>
          <p class="mt-2 text-soft">{props.lead}</p>
        </Show>
      </div>
      {props.children}
    </section>
  );
};

/** What is waited for, and what to do meanwhile; changes are read out. */
export const Waiting = (props: {
  title: string;
  children?: JSX.Element;
  tone?: "harbour" | "grace";
}) => (
  <div
    role="status"
    data-tone={props.tone ?? "harbour"}
    class="tone flex items-start gap-3 rounded-control border border-[color-mix(in_oklab,var(--tone)_30%,var(--line))] bg-[color-mix(in_oklab,var(--tone)_6%,var(--raised))] px-4 py-3"
  >
    <Spinner class="mt-1 shrink-0 text-(--tone)" />
    <div class="min-w-0 text-[15px]">
      <p class="font-semibold">{props.title}</p>
      <div class="text-soft">{props.children}</div>
    </div>
  </div>
);

/** Where a signer wants the person to approve. */
export const ChallengeLink = (props: { url: string }) => (
  <a href={props.url} target="_blank" rel="noopener noreferrer" class="link font-semibold">
    Approve it at {new URL(props.url).host}
  </a>
);
