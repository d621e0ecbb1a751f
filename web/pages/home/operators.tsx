import { For } from "solid-js";
import { buttonVariants } from "../../ui/button-variants.ts";
import { Part } from "./part.tsx";

const FACTS = [
  "One process and one SQLite file; no mail server, no card processor.",
  "Every relay, invoice and tenant is a persisted state machine with a journal. Kill the process anywhere: nothing is lost and nothing is done twice.",
  "Received and granted equals applied, credited and refunded, to the sat, at any moment.",
];

/** For who would run Berth themselves. */
export const Operators = () => (
  <Part id="operators" title="For operators" lead="Berth is free software. Run your own.">
    <div class="mt-8 grid grid-cols-[minmax(0,1fr)] items-start gap-x-16 gap-y-8 lg:grid-cols-2">
      <div>
        <ul class="flex flex-col gap-4">
          <For each={FACTS}>
            {(fact) => (
              <li class="grid grid-cols-[auto_1fr] gap-3.5 text-soft">
                <span aria-hidden="true" class="mt-[10px] size-1.5 rounded-full bg-harbour" />
                {fact}
              </li>
            )}
          </For>
        </ul>
        <a href="/openapi" rel="external" class={buttonVariants({ class: "mt-8" })}>
          Read the API
        </a>
      </div>
      <pre class="rounded-card border border-line bg-tint p-6 font-mono text-sm leading-[1.7] whitespace-pre-wrap max-sm:p-4">
        <code>{TRY}</code>
      </pre>
    </div>
  </Part>
);

const TRY = `$ npx -y bun run sandbox

  Berth is at  http://127.0.0.1:3000

  No real money, and only real protocols.
  Ctrl-C ends it.`;
