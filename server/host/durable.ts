/** The proof, at start-up, that a machine is durable. XState lets all of this through. */
import type { AnyStateMachine, AnyStateNode } from "xstate";
import { errorEvent, isBuiltIn, isKept } from "./xstate.ts";

const OUTPUTS = ["tell", "create", "post"];

/**
 * Proves that a machine can be run by the host: it has a version; every state a description; every
 * action, guard, delay and invoke a declared name; every action is an assign, an undelayed raise or an
 * output; every invoke has a handler and an onError; no state is final; and every tell is answered,
 * without a guard, in every state.
 *
 * @param handlers - names of the remotes that somebody performs.
 * @param tells - event types that other actors send to this machine.
 * @throws Error listing all that is wrong.
 */
export function assertDurable(
  machine: AnyStateMachine,
  handlers: readonly string[],
  tells: readonly string[],
): void {
  const wrong: string[] = [];
  if (!machine.version) wrong.push("it has no version");
  const { actions, delays, guards } = machine.implementations;

  const checkAction = (where: string, action: unknown): void => {
    const name = typeof action === "string" ? action : (action as { type: string }).type;
    const run: unknown = typeof action === "function" ? action : actions[name];
    if (!run) wrong.push(`${where}: action '${name}' is not declared`);
    else if (isOwnAction(run)) {
      if (!isKept(run)) wrong.push(`${where}: '${run.type}' is not kept`);
    } else if (run === action) wrong.push(`${where}: an inline function is no durable action`);
    else if (!OUTPUTS.includes(name)) wrong.push(`${where}: nobody performs action '${name}'`);
  };

  const visit = (node: AnyStateNode): void => {
    if (!node.description) wrong.push(`${node.id}: has no description`);
    if (node.type === "final") wrong.push(`${node.id}: is final, so a late event would be lost`);
    for (const action of [...node.entry, ...node.exit])
      if (!armsDeadline(node, action)) checkAction(node.id, action);
    for (const t of [...[...node.transitions.values()].flat(), ...(node.always ?? [])]) {
      const where = `${node.id} on '${t.eventType}'`;
      for (const action of t.actions) checkAction(where, action);
      if (typeof t.guard === "function" && !("check" in t.guard))
        wrong.push(`${where}: its guard has no name`);
      if (typeof t.guard === "string" && !guards[t.guard])
        wrong.push(`${where}: guard '${t.guard}' is not declared`);
      const { delay } = t as { delay?: string | number };
      if (delay !== undefined && typeof delays[delay] !== "function")
        wrong.push(`${where}: delay '${delay}' is not a declared deadline: it would fire at once`);
    }
    for (const { id, src } of node.invoke) {
      if (typeof src !== "string" || isBuiltIn(src))
        wrong.push(`${node.id}: invoke '${id}' has no declared src`);
      else if (!handlers.includes(src)) wrong.push(`${node.id}: nobody performs '${src}'`);
      if (!node.transitions.has(errorEvent(id, "").type))
        wrong.push(`${node.id}: invoke '${id}' lacks onError: an error would end the actor`);
    }
    for (const child of Object.values(node.states)) visit(child);
  };
  visit(machine.root);

  for (const tell of tells)
    if (!answers(machine.root, tell)) wrong.push(`tell '${tell}' is not answered in every state`);
  if (wrong.length > 0)
    throw new Error(`machine '${machine.id}' is not durable:\n  ${wrong.join("\n  ")}`);
}

/** An action that XState itself makes: `assign`, `raise`, `sendTo` … */
const isOwnAction = (action: unknown): action is { type: string } =>
  typeof action === "function" && "resolve" in action;

/** Whether XState gave this action to `node` for one of its `after`, which the host keeps as alarms. */
function armsDeadline(node: AnyStateNode, action: unknown): boolean {
  const { id, sendId } = action as { id?: unknown; sendId?: unknown };
  return node.after.some(({ eventType }) => eventType === (id ?? sendId));
}

/** Whether `event` meets an unguarded transition, be it `{}`, wherever in `node` the actor is. */
function answers(node: AnyStateNode, event: string): boolean {
  if (node.transitions.get(event)?.some((t) => t.guard === undefined)) return true;
  const children = Object.values(node.states).filter((child) => child.type !== "history");
  if (node.type === "parallel") return children.some((child) => answers(child, event));
  return node.type === "compound" && children.every((child) => answers(child, event));
}
