import { A } from "@solidjs/router";
import { Plus } from "lucide-solid";
import { For } from "solid-js";
import { plans } from "../../../machines/plans.ts";
import { relayDomain } from "../../lib/page/settings.ts";
import { Button, buttonVariants } from "../../ui/button.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { rowClass } from "./row.tsx";

/** The list's place, while it is on its way. */
export const RelaysLoading = () => (
  <div role="status">
    <span class="sr-only">Your relays are loading.</span>
    <div class="mb-4 flex flex-wrap gap-2">
      <Skeleton class="h-11 min-w-[220px] grow rounded-control max-sm:w-full" />
      <Skeleton class="h-11 rounded-control max-sm:w-full sm:w-[374px]" />
    </div>
    <div class="rounded-card border border-line bg-raised">
      <For each={[0, 1, 2]}>
        {() => (
          <div class={`${rowClass} border-line not-first:border-t`}>
            <Skeleton class="h-[25px] w-40 max-w-full" />
            <Skeleton class="h-[25px] w-20 rounded-full md:col-start-2 md:row-span-2 md:row-start-1" />
            <Skeleton class="h-[20px] w-64 max-w-full max-md:col-span-2 md:col-start-1 md:row-start-2" />
            <Skeleton class="w-12 max-md:hidden md:col-start-3 md:row-span-2 md:row-start-1" />
            <Skeleton class="h-[23px] w-44 max-w-full max-md:col-span-2 md:col-start-4 md:row-span-2 md:row-start-1" />
          </div>
        )}
      </For>
    </div>
  </div>
);

const STEPS = [
  { title: "Name it", text: `Your community gets an address of its own: name.${relayDomain}` },
  {
    title: "Choose a plan",
    text: `Free for up to ${plans.free.memberLimit} members. Paid plans are paid in sats, by the month.`,
  },
  { title: "Share the address", text: "It runs within seconds, and works in any Nostr client." },
];

/** Nothing is here yet: what the first step is. */
export const NoRelays = () => (
  <section class="rounded-card border border-line bg-raised px-8 py-10 max-sm:px-5 max-sm:py-8">
    <h2 class="text-2xl">Your first relay takes a minute</h2>
    <p class="mt-2 max-w-[60ch] text-soft">
      A relay is a home port for one community: its rooms, its members, its media.
    </p>
    <ol class="mt-6 grid gap-x-8 gap-y-5 md:grid-cols-3">
      <For each={STEPS}>
        {({ title, text }, index) => (
          <li class="flex gap-3">
            <span
              aria-hidden="true"
              class="grid size-7 shrink-0 place-items-center rounded-full bg-tint text-sm font-semibold text-harbour"
            >
              {index() + 1}
            </span>
            <div class="min-w-0">
              <p class="font-semibold">{title}</p>
              <p class="text-[15px] break-words text-soft">{text}</p>
            </div>
          </li>
        )}
      </For>
    </ol>
    <A href="/relays/new" class={`${buttonVariants({ variant: "buoy" })} mt-8 max-sm:w-full`}>
      <Plus aria-hidden="true" /> Add relay
    </A>
  </section>
);

/** There are relays, and none is as was looked for. */
export const NothingFound = (props: { q: string; onClear: () => void }) => (
  <div class="rounded-card border border-line bg-raised px-6 py-10 text-center">
    <p class="font-semibold break-words">
      {props.q.trim() === "" ? "No relay is like that" : `No relay matches “${props.q.trim()}”`}
    </p>
    <p class="mt-1 text-soft">Names, addresses and descriptions were looked through.</p>
    <Button class="mt-5" onClick={() => props.onClear()}>
      Show all relays
    </Button>
  </div>
);
