import { A } from "@solidjs/router";
import { ExternalLink, X } from "lucide-solid";
import { For, Show } from "solid-js";
import { type RelayReplica, useLive } from "../../lib/live/live.ts";
import { relayDomain, relayUrl } from "../../lib/page/settings.ts";
import { clientsOf } from "../../lib/relays/state.ts";
import { Button, buttonVariants } from "../../ui/button.tsx";
import { CopyButton } from "../copy.tsx";

/** A relay that has just begun to run: its address, and what one does with it first. Stays until it is closed. */
export const Welcome = (props: { relay: RelayReplica; onClose: () => void }) => {
  const live = useLive();
  const c = () => props.relay.context;
  const isRunning = () => props.relay.matches({ status: "active" });
  const isPaidByHand = () =>
    c().priceSats > 0 && live.tenant()?.matches({ wallet: "connected" }) !== true;
  return (
    <section
      aria-labelledby="welcome-title"
      data-tone={isRunning() ? "active" : "harbour"}
      class="tone rise mb-6 rounded-card border border-line bg-raised p-6 max-sm:p-4"
    >
      <div class="flex items-start justify-between gap-4">
        <h2 id="welcome-title" class="min-w-0 text-2xl wrap-anywhere">
          {isRunning() ? `${c().name} is running` : `${c().name} is being set up`}
        </h2>
        <Button size="icon" variant="ghost" aria-label="Close" onClick={() => props.onClose()}>
          <X aria-hidden="true" />
        </Button>
      </div>
      <p class="mt-1 max-w-[60ch] text-soft">
        {isRunning()
          ? "This is its address. Open it in a Nostr client, and give it to the people who belong there."
          : "It usually takes a second or two. This page follows by itself."}
      </p>
      <div class="mt-3 flex flex-wrap items-center gap-2">
        <code class="mr-1 min-w-0 font-mono text-[15px] break-all">{relayUrl(c().subdomain)}</code>
        <CopyButton text={relayUrl(c().subdomain)} label="Copy address" size="small" />
        <Show when={isRunning()}>
          <For each={clientsOf(`${c().subdomain}.${relayDomain}`)}>
            {({ name, href, what }) => (
              <a
                href={href}
                target="_blank"
                rel="noopener noreferrer"
                title={what}
                class={buttonVariants({ size: "small" })}
              >
                Open in {name} <ExternalLink aria-label="opens in a new tab" />
              </a>
            )}
          </For>
        </Show>
      </div>
      <ul class="mt-4 flex flex-col gap-1 border-t border-line pt-4 text-[15px]">
        <Show when={isPaidByHand()}>
          <li>
            <A href="/account?tab=billing" class="link">
              Connect a wallet
            </A>{" "}
            and next month is paid without you.
          </li>
        </Show>
        <li>
          <A href="/account?tab=notices" class="link">
            Get notices
          </A>{" "}
          in your Nostr inbox before anything happens to it.
        </li>
      </ul>
    </section>
  );
};
