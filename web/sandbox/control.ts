/** What the sandbox's own routes do, and the state of it as last told. */
import { createSignal } from "solid-js";
import { problemOf, send } from "../lib/api/api.ts";
import { tuneClock } from "../lib/live/clock.ts";

export type Faults = {
  wallet: "ok" | "down" | "silent";
  tenant_wallet: "ok" | "down" | "silent" | "empty" | "quota" | "unauthorized";
  zooid: "ok" | "down" | "wiped";
  relay: "ok" | "down";
};

/** GET /sandbox, as far as it is shown. `now` is unix seconds. */
export type Sandbox = {
  now: number;
  ahead_seconds: number;
  faults: Faults;
  tenant_balance_sats: number;
  tenant_nsec?: string;
  admin_nsec?: string;
  tenant_nwc_url?: string;
};
/** How far an advance came; `open` is what was still in flight there. */
export type Moved = { now: number; complete: boolean; open: string[] };

const [sandbox, setSandbox] = createSignal<Sandbox | null>(null);

export { sandbox };

/** An advance that stops at every alarm of 60 days takes its time. */
const MOVE_PATIENCE_MS = 120_000;
const LOOK_MS = 300;

/** @throws ApiProblem */
async function call<T>(path: string, body?: object): Promise<T> {
  const response = await send(path, {
    ...(body && {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    }),
    signal: AbortSignal.timeout(MOVE_PATIENCE_MS),
  });
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemOf(answer, response);
  return answer as T;
}

function take(state: Sandbox): void {
  tuneClock(state.now * 1000);
  setSandbox(state);
}

/** Asks how it is now; what cannot be asked stays as it was. */
export const look = (): Promise<void> => call<Sandbox>("/sandbox").then(take, () => {});

/**
 * Moves time forward; the clock of the page follows on the way.
 * @throws ApiProblem `clock_is_moving`
 */
export async function advance(seconds: number): Promise<Moved> {
  let isMoving = true;
  const follow = async (): Promise<void> => {
    while (isMoving) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      if (isMoving) await look();
    }
  };
  void follow();
  try {
    return await call<Moved>("/sandbox/clock", { advance_seconds: seconds });
  } finally {
    isMoving = false;
    await look();
  }
}

/** Pays from the tenant's wallet. @returns how many sats. @throws ApiProblem */
export async function pay(bolt11: string): Promise<number> {
  const { amount_sats } = await call<{ amount_sats: number }>("/sandbox/pay", { bolt11 });
  await look();
  return amount_sats;
}

/** @throws ApiProblem */
export const switchFaults = async (change: Partial<Faults>): Promise<void> =>
  take(await call<Sandbox>("/sandbox/faults", change));
