import { A } from "@solidjs/router";
import { plans } from "../../../machines/plans.ts";
import { hasCalls } from "../../lib/plans/plan-words.ts";
import { buttonVariants } from "../../ui/button-variants.ts";
import { RelayLife } from "./relay-life.tsx";

/** The promise and one button; beside them the machine that keeps it. */
export const Hero = () => (
  <div class="page grid grid-cols-[minmax(0,1fr)] items-center gap-x-16 gap-y-14 pt-14 lg:grid-cols-[minmax(0,1fr)_480px] lg:pt-16 max-sm:pt-8">
    <div>
      <h1 class="text-[clamp(44px,11.5vw,68px)] leading-[1.02] lg:text-[68px]">
        A home port for your community.
      </h1>
      <p class="mt-6 max-w-[26em] text-xl leading-[1.5] text-soft max-sm:text-lg">
        Your own Nostr relay, hosted:{" "}
        {hasCalls ? "members, rooms, media and calls" : "members, rooms and media"} at an address of
        your own. <span class="sm:block">Running in seconds, paid in&nbsp;sats.</span>
      </p>
      <div class="mt-8 flex flex-wrap gap-3">
        <A href="/relays/new" class={buttonVariants({ variant: "buoy" })}>
          Create your relay
        </A>
        <a href="#plans" rel="external" class={buttonVariants()}>
          See plans
        </a>
      </div>
      <p class="mt-6 text-[15px] text-soft">
        Free for up to {plans.free.memberLimit} members. No e-mail, no card.
      </p>
    </div>
    <RelayLife />
  </div>
);
