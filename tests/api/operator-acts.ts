import type { Invoice, Relay } from "../../server/routes/shapes.ts";
import type { TenantApi } from "./berth-fixture.ts";
import type { Problem } from "./orders.ts";

/** Why the operator does what tests have them do. */
export const reason = "because a test says so";

/** What an operator does about money, each with a reason. */
export const actsOf = (admin: TenantApi) => ({
  onInvoice: (id: string, act: string) =>
    admin.post<Invoice & Problem>(`/admin/invoices/${id}/${act}`, { reason }),
  onRelay: (id: string, act: string, more: object = {}) =>
    admin.post<Relay & Problem>(`/admin/relays/${id}/${act}`, { ...more, reason }),
  onTenant: ({ pubkey }: TenantApi, act: string, more: object = {}) =>
    admin.post<Problem & { credit: number }>(`/admin/tenants/${pubkey}/${act}`, {
      ...more,
      reason,
    }),
  setStatus: ({ pubkey }: TenantApi, status: "active" | "suspended") =>
    admin.put(`/admin/tenants/${pubkey}`, { status, reason }),
});

/** Status and code of a refusal. */
export const codeOf = ({ status, body }: { status: number; body: Problem }) => [status, body.code];
