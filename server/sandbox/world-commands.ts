import { AppError } from "../errors.ts";
import type { MovableClock } from "./clock.ts";
import { LightningError, type LightningErrorCode } from "./lightning-invoice.ts";
import type {
  ClockChange,
  FaultChange,
  WorldPayment,
  WorldState,
  WorldTime,
} from "./world-control.ts";
import { PUBLIC_PATH, type WorldParts } from "./world-parts.ts";

/** What can be asked of a world; refusals are thrown as {@link AppError}. */
export type WorldCommands = {
  state(): WorldState;
  /** @throws {AppError} clock_backwards; malformed, unless exactly one of the two is given. */
  moveClock(change: ClockChange): WorldTime;
  /** The faults hold, or have ended, when this returns. */
  setFaults(change: FaultChange): Promise<void>;
  /** Pays from the tenant's node, whatever is wrong with its wallet. @throws {AppError} */
  pay(bolt11: string): WorldPayment;
};

/** @param storeOffset - keeps how far logical time is ahead for the next run. */
export function worldCommands(
  parts: WorldParts,
  clock: MovableClock,
  storeOffset: (offsetMs: number) => void,
): WorldCommands {
  const { relay, network, receivingWallet, tenantWallet, zooid } = parts;
  return {
    state: () => ({
      now: clock.now(),
      offset_ms: clock.offsetMs,
      faults: {
        wallet: receivingWallet.fault,
        tenant_wallet: tenantWallet.fault,
        zooid: zooid.mode,
        relay: relay.pathState(PUBLIC_PATH),
        wallet_habits: [...receivingWallet.habits],
        tenant_wallet_habits: [...tenantWallet.habits],
      },
      receiving_balance_sats: toSats(network.balanceMsats(receivingWallet.node)),
      tenant_balance_sats: toSats(network.balanceMsats(tenantWallet.node)),
      relays: zooid.relays().length,
      zooid_crashed: zooid.crashed,
      invoices: network.counts(),
    }),

    moveClock({ pin_ms: pinMs, release }) {
      if ((pinMs === undefined) === (release === undefined)) {
        throw new AppError("malformed", 422, "pin_ms or release, one of the two", {
          field: "pin_ms",
        });
      }
      if (pinMs === undefined) {
        clock.release();
        storeOffset(clock.offsetMs);
      } else {
        pin(clock, pinMs);
        // Should the world end while time is held, its next run must not begin before this instant.
        storeOffset(pinMs - Date.now());
      }
      return { now: clock.now(), offset_ms: clock.offsetMs };
    },

    async setFaults(change) {
      if (change.relay) relay.setPath(PUBLIC_PATH, change.relay);
      if (change.zooid === "wiped") zooid.wipe();
      if (change.zooid) zooid.setMode(change.zooid === "down" ? "down" : "ok");
      if (change.wallet_habits) receivingWallet.habits = new Set(change.wallet_habits);
      if (change.tenant_wallet_habits) tenantWallet.habits = new Set(change.tenant_wallet_habits);
      if (change.wallet) await receivingWallet.setFault(change.wallet);
      if (change.tenant_wallet) await tenantWallet.setFault(change.tenant_wallet);
    },

    pay(bolt11) {
      try {
        const { paymentHash, preimage, amountMsats } = network.pay(tenantWallet.node, bolt11);
        return { payment_hash: paymentHash, preimage, amount_sats: toSats(amountMsats) };
      } catch (error) {
        if (!(error instanceof LightningError)) throw error;
        const { code, message } = error;
        throw new AppError(code, PAYMENT_STATUS[code], message, { field: "bolt11" });
      }
    },
  };
}

const PAYMENT_STATUS: Record<LightningErrorCode, 404 | 409 | 422> = {
  malformed: 422,
  unknown: 404,
  expired: 409,
  already_paid: 409,
  insufficient_balance: 409,
};

function pin(clock: MovableClock, atMs: number): void {
  try {
    clock.pin(atMs);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new AppError("clock_backwards", 409, "the clock cannot go back", { field: "pin_ms" });
  }
}

const toSats = (msats: number): number => Math.floor(msats / 1000);
