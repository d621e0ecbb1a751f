import { A } from "@solidjs/router";
import { ChevronDown } from "lucide-solid";
import { For } from "solid-js";
import { buttonVariants } from "../../ui/button-variants.ts";

const QUESTIONS: [string, string][] = [
  [
    "What is a relay?",
    "The server that a Nostr client talks to. It keeps what your members write and hands it to those who may read it. With one of your own, you decide who that is.",
  ],
  [
    "Do I need an account?",
    "You need a Nostr key. Log in with a browser extension, a remote signer on your phone, or a key made here. There is no password, no e-mail address and no card.",
  ],
  [
    "How do I pay?",
    "In sats over Lightning: scan the invoice with any wallet, or connect a wallet by NWC and each month is paid from it within the budget that you set. Your month starts when your relay is running, not before.",
  ],
  [
    "What if I pay late?",
    "Your relay runs on for seven days. Then it is suspended, and nothing is deleted. Pay the invoice and it is back within seconds; your month starts again on that day.",
  ],
  [
    "Can I change the plan, or stop?",
    "Any time. An upgrade is billed for the days that are left and applies when it is paid. A downgrade applies at the end of what you paid, and says before what will be switched off. Switch a relay off and no further bill comes; its data is kept for when you bring it back. Unused time is not refunded.",
  ],
  [
    "Who can read what we write?",
    "Whoever your rules let in. The relay stores what clients send to it: most of that is signed but not encrypted, so whoever runs the server could read it. Private messages that clients encrypt stay encrypted.",
  ],
  [
    "Can we leave?",
    "Yes. Your members keep their own keys, and everything they wrote is signed by them: any Nostr client can read it here and publish it to another relay.",
  ],
  [
    "What do you know about me?",
    "Your public key, your relays, what you paid and, if you connect a wallet, its connection, encrypted. No cookies and no trackers, so there is nothing to consent to. Your signing key stays in your browser or in your signer.",
  ],
];

/** What people ask, and one last way in. */
export const Questions = () => (
  <>
    <section
      aria-labelledby="questions"
      class="page grid grid-cols-[minmax(0,1fr)] gap-x-16 gap-y-8 pt-28 max-md:pt-20 lg:grid-cols-[280px_minmax(0,1fr)]"
    >
      <h2 id="questions" class="text-[40px] max-sm:text-[32px]">
        Questions people ask
      </h2>
      <div class="border-b border-line">
        <For each={QUESTIONS}>
          {([question, answer]) => (
            <details class="group border-t border-line">
              <summary class="flex min-h-14 cursor-pointer list-none items-center justify-between gap-4 py-3 text-lg font-semibold [&::-webkit-details-marker]:hidden">
                {question}
                <ChevronDown
                  aria-hidden="true"
                  class="size-5 shrink-0 text-soft transition-[rotate] group-open:rotate-180"
                />
              </summary>
              <p class="max-w-[68ch] pb-6 text-soft">{answer}</p>
            </details>
          )}
        </For>
      </div>
    </section>
    <section class="page pt-24 text-center max-md:pt-20">
      <h2 class="text-[32px] max-sm:text-[28px]">Start with ten members, for nothing.</h2>
      <A href="/relays/new" class={buttonVariants({ variant: "buoy", class: "mt-6" })}>
        Get started
      </A>
    </section>
  </>
);
