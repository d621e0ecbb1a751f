/** Why a control is switched off. */
export const SUSPENDED_WHY = "Changes are switched off while your account is suspended.";
