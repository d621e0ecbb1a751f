import type { Answer } from "./api.ts";

/** What a step leaves: a value for the next ones, lines for people, data for machines. */
type Told<T> = { value: T; say: string[]; data: Record<string, unknown> };
/** Runs one step, shows it, and passes its value on. @throws what the step throws. */
export type Step = <T>(id: string, title: string, run: () => Promise<Told<T>>) => Promise<T>;

export type Relay = {
  id: string;
  status: string;
  url: string;
  schema: string;
  paid_through: number;
  /** The invoice that bills it now. */
  open_invoice: string | null;
};
/** The body of an answer with this status. @throws Error with what the API said instead. */
export function expected<T>(status: number, answer: Answer<T>): T {
  if (answer.status === status) return answer.body;
  const { code, detail } = (answer.body ?? {}) as { code?: string; detail?: string };
  throw new Error(`the API answered ${answer.status} ${code ?? ""}: ${detail ?? ""}`);
}

export function must(holds: boolean | undefined, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}
