/** What a state is called and what it means, from a machine's own definition. For the server and the browser. */
import type { AnyStateMachine, AnyStateNode } from "xstate";

/** An actor's `status`: the top key of `value.status` where it is parallel, else its top state. */
export function statusOf(value: unknown): string {
  if (typeof value === "string") return value;
  const region = (value as { status?: unknown }).status;
  if (region !== undefined) return statusOf(region);
  const [top] = Object.keys(value as object);
  if (top === undefined) throw new Error("a state without a name");
  return top;
}

/** The nodes of `value` in a machine, outermost first; of a parallel machine those of its region `status`. */
export function pathOf(machine: AnyStateMachine, value: unknown): AnyStateNode[] {
  const isParallel = machine.root.type === "parallel";
  const path: AnyStateNode[] = [];
  let node: AnyStateNode | undefined = isParallel ? machine.root.states.status : machine.root;
  let rest = isParallel ? (value as { status: unknown }).status : value;
  while (node && rest) {
    const key: string | undefined = typeof rest === "string" ? rest : Object.keys(rest)[0];
    node = key === undefined ? undefined : node.states[key];
    if (node) path.push(node);
    rest =
      typeof rest === "object" && key !== undefined ? (rest as Record<string, unknown>)[key] : null;
  }
  return path;
}

/** What the present state means, in the words of its innermost description. */
export const meaningOf = (machine: AnyStateMachine, value: unknown): string =>
  pathOf(machine, value).findLast(({ description }) => description)?.description ?? "";
