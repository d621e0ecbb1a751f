import { setTimeout as sleep } from "node:timers/promises";
import { Killed, Refused } from "../errors.ts";
import { NoAnswer } from "./http.ts";
import { type ManagementApi, ZooidConflict } from "./management-api.ts";
import type { RelayHosts, Shown } from "./nip11.ts";
import type { Pulse } from "./pulse.ts";
import type { RelayInfo, VirtualRelay } from "./virtual-relay.ts";

/** zooid was measured to show a new config after 3 ms in the median and 11 ms at most. */
export const POLL_MS = { first: 5, longest: 50 };
/** A write that was not answered may still be under way: it is not sent again for so long. */
const UNDER_WAY_MS = 60_000;

/** zooid accepted the config, yet the relay's host does not show it. Worth retrying; concerns it alone. */
export class NotConfirmed extends Error {
  override readonly name = "NotConfirmed";
  readonly code = "zooid_not_live";
  constructor() {
    super("zooid accepted the relay, but its host does not show it");
  }
}

/** Something to be written: how it shows once it is done, and what showed before, where that is known. */
export type Task = {
  relay: VirtualRelay;
  isAsWanted: (shown: Shown) => boolean;
  before: Shown | null;
};

/** Writes to zooid, and looks whether it came true: its API says only that a file was written. */
export function createWriter(o: {
  api: ManagementApi;
  hosts: RelayHosts;
  pulse: Pulse;
  /** How long a relay may take to show itself after it was accepted. */
  confirmMs: number;
  /** Told of a relay after whose write zooid died. */
  onKill: (id: string) => void;
}) {
  const { api, hosts, pulse, confirmMs } = o;
  /** Whole configs whose write was not answered, by relay, and until when they may be under way. */
  const underWay = new Map<string, { config: string; untilMs: number }>();

  /** Says whether it may run, and nothing else. A file that cannot be changed so is replaced by a whole one. */
  async function switchTo(
    relay: VirtualRelay,
    signal: AbortSignal,
  ): Promise<"done" | "missing" | "unanswered"> {
    const { id, host, secret } = relay;
    // Some versions want the secret in every patch.
    const presence = { secret, inactive: relay.presence !== "live" };
    try {
      return await api.patch(id, { ...presence, host }, signal);
    } catch (error) {
      if (error instanceof Refused) return "missing";
      if (error instanceof NoAnswer && error.how !== "refused") return "unanswered";
      // Its new name is not free yet, which must not keep it running under the old one.
      if (error instanceof ZooidConflict && presence.inactive)
        await api.patch(id, presence, signal);
      throw error;
    }
  }

  /**
   * Has zooid hold a whole config, and waits until it shows. zooid can neither upsert nor say what it
   * holds: what a PUT does not find is made by a POST, and what neither answers is looked for.
   */
  async function put(task: Task, signal: AbortSignal): Promise<void> {
    const { relay, isAsWanted, before } = task;
    const unanswered = (error: unknown): "unanswered" => {
      if (error instanceof NoAnswer && error.how !== "refused") return "unanswered";
      throw error;
    };
    const sent = underWay.get(relay.id);
    if (sent?.config === JSON.stringify(relay)) {
      if (isAsWanted(before ?? (await hosts.look(relay.host, signal)))) {
        underWay.delete(relay.id);
        return pulse.relayIsWell(relay.id, true);
      }
      if (performance.now() < sent.untilMs) throw new NotConfirmed();
    }
    underWay.delete(relay.id);
    // Where all looks as wanted already, looking tells nothing of what became of a write.
    const isTelling = before === null || !isAsWanted(before);
    for (let round = 0; round < 3; round++) {
      const replaced = await api.replace(relay, signal).catch(unanswered);
      if (replaced === "done") return confirm(task, signal);
      if (replaced === "unanswered") {
        if (isTelling && (await appears(task, signal))) return;
        if (round > 0 || !isTelling) break;
        continue;
      }
      const created = await api.create(relay, signal).catch(unanswered);
      if (created === "done") return confirm({ ...task, before: "nothing" }, signal);
      if (created === "unanswered" && (await appears(task, signal))) return;
    }
    const untilMs = performance.now() + UNDER_WAY_MS;
    underWay.set(relay.id, { config: JSON.stringify(relay), untilMs });
    throw new NotConfirmed();
  }

  /** Waits until what zooid took shows. @throws {NotConfirmed} @throws {Killed} */
  async function confirm(task: Task, signal: AbortSignal): Promise<void> {
    const { relay, isAsWanted, before } = task;
    const last = await poll(task, signal);
    if (last === null) return pulse.relayIsWell(relay.id, before !== null && !isAsWanted(before));
    // What is odd, or has words of somebody else's, says nothing about zooid.
    const isOld = relay.presence !== "live" || last === "nothing" || isSame(last, before);
    if (isOld && last !== "odd") pulse.unserved(relay.id);
    else pulse.relayIs(relay.id, "zooid_not_live");
    throw new NotConfirmed();
  }

  /** What was asked without an answer: did it happen? */
  async function appears(task: Task, signal: AbortSignal): Promise<boolean> {
    const isThere = (await poll(task, signal)) === null;
    if (isThere) pulse.relayIsWell(task.relay.id, true);
    return isThere;
  }

  /** @returns null once the host shows it as wanted, else what it showed last */
  async function poll(
    { relay: { id, host, presence }, isAsWanted }: Task,
    signal: AbortSignal,
  ): Promise<Shown | null> {
    const deadlineMs = performance.now() + confirmMs;
    const { outages } = pulse;
    const killed = (cause?: unknown): Killed => {
      o.onKill(id);
      return new Killed("zooid_died", "zooid took a relay, and died", { cause });
    };
    let delayMs = POLL_MS.first;
    for (;;) {
      const shown = await hosts.look(host, signal).catch((error: unknown) => {
        const isGone = error instanceof NoAnswer && error.how !== "silent";
        throw isGone && presence !== "absent" ? killed(error) : error;
      });
      if (isAsWanted(shown)) return null;
      if (pulse.outages > outages && presence !== "absent") throw killed();
      if (performance.now() >= deadlineMs) return shown;
      await pause(delayMs, signal);
      delayMs = Math.min(delayMs * 2, POLL_MS.longest);
    }
  }

  return { switchTo, put, confirm, appears };
}

/** All of them: while zooid still shows the old config, some are the same in both. */
export const isSameWords = (a: RelayInfo, b: RelayInfo): boolean =>
  a.name === b.name && a.description === b.description && a.icon === b.icon;

const isSame = (a: Shown, b: Shown | null): boolean =>
  typeof a === "object" &&
  typeof b === "object" &&
  b !== null &&
  a.self === b.self &&
  isSameWords(a.info, b.info);

/** Aborted, it just ends: the request that comes after it says so. */
export async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  await sleep(delayMs, undefined, { signal }).catch(() => {});
}
