import { For, Show } from "solid-js";
import { type Warning, warningWords } from "../../lib/billing/wallet.ts";
import { Callout } from "../../ui/callout.tsx";

/** What a wallet's answer says of its connection: good, or what should be better. */
export const Warnings = (props: { warnings: Warning[] }) => (
  <Show
    when={props.warnings.length > 0}
    fallback={
      <Callout tone="active" role="status" title="Your wallet answers and can pay.">
        <p class="text-soft">Its budget covers what your relays cost. There is nothing to do.</p>
      </Callout>
    }
  >
    <Callout tone="grace" role="status" title="Your wallet answers, and this should be better:">
      <ul class="mt-1 flex list-disc flex-col gap-1 pl-5 text-soft">
        <For each={props.warnings}>{(warning) => <li>{warningWords(warning)}</li>}</For>
      </ul>
    </Callout>
  </Show>
);
