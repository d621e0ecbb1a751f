/** The colour of a state, the same in badge, diagram, chart and notice. */
export type Tone = "waiting" | "harbour" | "active" | "grace" | "suspended";

const TONES: Record<string, Tone> = {
  provisioning: "harbour",
  active: "active",
  grace: "grace",
  suspended: "suspended",
  paid: "active",
  delivered: "active",
  queued: "harbour",
  refused: "suspended",
};

/** @param status - of a relay, an invoice, a tenant or a notice */
export const toneOf = (status: string): Tone => TONES[status] ?? "waiting";
