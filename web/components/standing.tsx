import { Show } from "solid-js";
import { meaningOf, statusOf } from "../../machines/describe.ts";
import { tenantMachine } from "../../machines/tenant.ts";
import { live } from "../lib/live/live.ts";
import { Callout } from "../ui/callout.tsx";

/** Whether the operator suspended the account: then nothing of it can be changed. */
export const isSuspended = (): boolean => {
  const tenant = live.tenant();
  return tenant !== undefined && statusOf(tenant.value) === "suspended";
};

/** Says that the account is suspended, where it is. */
export const Standing = () => (
  <Show when={isSuspended() && live.tenant()}>
    {(tenant) => (
      <Callout tone="suspended" title="Your account is suspended" class="mb-6">
        <p class="text-soft">{meaningOf(tenantMachine, tenant().value)}</p>
      </Callout>
    )}
  </Show>
);
