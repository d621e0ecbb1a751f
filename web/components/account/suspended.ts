import { live } from "../../lib/live/live.ts";

/** Whether the operator suspended this account: all can be read, nothing changed. */
export const isSuspended = (): boolean => live.tenant()?.matches({ status: "suspended" }) ?? false;

/** Why a control is switched off. */
export const SUSPENDED_WHY = "Changes are switched off while your account is suspended.";
