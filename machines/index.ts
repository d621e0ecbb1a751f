/** The registry: every persisted machine, by the name under which its actors are stored. */
import { communityMachine } from "./community/machine.ts";
import { invoiceMachine } from "./invoice/machine.ts";
import type { ToCommunity, ToInvoice, ToRelay, ToTenant } from "./messages.ts";
import { type Migrate, steps } from "./migrations.ts";
import { noticeMachine } from "./notice.ts";
import { relayMachine } from "./relay/machine.ts";
import { tenantMachine } from "./tenant/machine.ts";

export const machines = {
  tenant: tenantMachine,
  relay: relayMachine,
  invoice: invoiceMachine,
  notice: noticeMachine,
  community: communityMachine,
} as const;

export type MachineName = keyof typeof machines;

export const migrations: Record<MachineName, Migrate> = steps;

/** Every tell that a machine must answer in every state; a missing one does not compile. */
export const tells = {
  tenant: keys<ToTenant["type"]>({
    SEAT: 0,
    CREDIT: 0,
    BILLED: 0,
    PAID: 0,
    CLOSED: 0,
    WALLET_BROKEN: 0,
  }),
  relay: keys<ToRelay["type"]>({
    EXTENDED: 0,
    BILLED: 0,
    UNBILLED: 0,
    LAPSED: 0,
    REOPEN: 0,
    HOLD: 0,
    RELEASE: 0,
  }),
  invoice: keys<ToInvoice["type"]>({
    CLOSE: 0,
    CREDITED: 0,
    CHARGE: 0,
    STARTED: 0,
    UNUSED: 0,
    NUMBERED: 0,
  }),
  notice: [],
  community: keys<ToCommunity["type"]>({ ROOM: 0 }),
} as const satisfies Record<MachineName, readonly string[]>;

function keys<K extends string>(all: Record<K, 0>): readonly K[] {
  return Object.keys(all) as K[];
}
