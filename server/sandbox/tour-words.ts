import { type MachineName, machines } from "../../machines/index.ts";
import type { Revision } from "./tour-feed.ts";

/** `10,000 sats` */
export const sats = (amount: number): string => `${amount.toLocaleString("en-US")} sats`;

/** `27 Dec 2026 14:05 UTC` @param seconds - unix seconds. */
export function day(seconds: number): string {
  const format = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" } as const;
  const date = new Date(seconds * 1000);
  return `${date.toLocaleDateString("en-GB", format)} ${date.toISOString().slice(11, 16)} UTC`;
}

/** A long text with its middle left out. */
export const short = (text: string): string =>
  text.length <= 40 ? text : `${text.slice(0, 24)}…${text.slice(-8)}`;

/** Each region's state: `provisioning prompt · applying`. */
export function stateOf(value: unknown): string {
  const paths = statePaths(value);
  // The name of a region says nothing where the states of all of them stand side by side.
  return paths.map((path) => path.slice(paths.length > 1 ? 1 : 0).join(" ")).join(" · ");
}

/**
 * What an actor went through: for each revision the seconds since the first, its state, and below it
 * what is new: what the state means to its owner, in the machine's own words, or what was noted.
 */
export function storyOf(revisions: readonly Revision[]): string[] {
  const start = revisions[0]?.at ?? 0;
  return revisions.flatMap((revision, index) => {
    const time = `+${((revision.at - start) / 1000).toFixed(3)} s`.padStart(10);
    const line = `${time}  ${String(revision.rev).padStart(2)}  ${stateOf(revision.snapshot.value)}`;
    return [
      line,
      ...news(revision, revisions[index - 1]).map((words) => `${" ".repeat(16)}${words}`),
    ];
  });
}

function news({ machine, snapshot }: Revision, former: Revision | undefined): string[] {
  const old = new Set(statePaths(former?.snapshot.value).map(String));
  const entered = statePaths(snapshot.value).filter((path) => !old.has(String(path)));
  if (entered.length > 0) return entered.map((path) => meaning(machine, path));
  const before = former?.snapshot.context ?? {};
  const changed = Object.entries(snapshot.context).filter(
    ([name, fact]) => JSON.stringify(fact) !== JSON.stringify(before[name]),
  );
  return [`Noted: ${changed.map(([name]) => name).join(", ")}.`];
}

/** `{status: {provisioning: "prompt"}, zooid: "settled"}` → the paths of its innermost states. */
function statePaths(value: unknown): string[][] {
  if (value === undefined) return [];
  if (typeof value === "string") return [[value]];
  return Object.entries(value as Record<string, unknown>).flatMap(([key, inner]) =>
    statePaths(inner).map((path) => [key, ...path]),
  );
}

/** The first sentence of a state's description, as the machine's definition has it. */
function meaning(machine: MachineName, path: readonly string[]): string {
  type Node = { description?: string | undefined; states: Record<string, Node> };
  let node: Node | undefined = machines[machine].root as unknown as Node;
  for (const key of path) node = node?.states[key];
  return /^.*?\.(?= |$)/.exec(node?.description ?? "")?.[0] ?? "";
}
