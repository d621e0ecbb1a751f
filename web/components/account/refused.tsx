import { Show } from "solid-js";
import { dueSats } from "../../../machines/invoice/context.ts";
import { chargeOf } from "../../lib/billing/due.ts";
import { useLive } from "../../lib/live/live.ts";
import { sats } from "../../lib/words/format.ts";
import { buttonVariants } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";
import { Words } from "./words.tsx";

/** The open renewal that the connected wallet would not pay; nothing where it did, or was not asked. */
export const Refused = () => {
  const live = useLive();
  const open = () => {
    const id = live.tenant()?.context.renewal?.invoice;
    const invoice = id === undefined ? undefined : live.invoice(id);
    return invoice?.matches("pending") && chargeOf(invoice)?.tone === "grace" ? invoice : undefined;
  };
  return (
    <Show when={open()}>
      {(invoice) => (
        <Callout tone="grace" role="status">
          <div class="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
            <div class="min-w-0 flex-1 basis-[260px]">
              <Show when={chargeOf(invoice())}>{(words) => <Words words={words()} />}</Show>
            </div>
            <Show when={!live.isSuspended()}>
              <a
                href={`/account?invoice=${invoice().context.id}`}
                class={buttonVariants({ size: "small" })}
              >
                Pay {sats(dueSats(invoice().context))}
              </a>
            </Show>
          </div>
        </Callout>
      )}
    </Show>
  );
};
