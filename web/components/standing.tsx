import { Show } from "solid-js";
import { meaningOf } from "../../machines/describe.ts";
import { tenantMachine } from "../../machines/tenant/machine.ts";
import { useLive } from "../lib/live/live.ts";
import { contactLink, operator } from "../lib/page/settings.ts";
import { Callout } from "../ui/callout.tsx";

/** Says that the account is suspended, where it is. */
export const Standing = () => {
  const live = useLive();
  return (
    <Show when={live.isSuspended() && live.tenant()}>
      {(tenant) => (
        <Callout tone="suspended" title="Your account is suspended" class="mb-6">
          <p class="text-soft">{meaningOf(tenantMachine, tenant().value)}</p>
          <Show when={operator.contact}>
            {(contact) => (
              <p class="wrap-anywhere text-soft">
                To ask why, write to {operator.name ?? "who runs this"}:{" "}
                <a href={contactLink(contact())}>{contact()}</a>
              </p>
            )}
          </Show>
        </Callout>
      )}
    </Show>
  );
};
