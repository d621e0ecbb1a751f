/**
 * What changed in a snapshot. `set` and `gone` name places by JSON Pointer (RFC 6901); arrays are set whole.
 * The root itself is never a place: a snapshot is an object before and after.
 */
export type Patch = { set?: Record<string, unknown>; gone?: string[] };

type Tree = Record<string, unknown>;

const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const escaped = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1");
const unescaped = (part: string): string => part.replaceAll("~1", "/").replaceAll("~0", "~");

/** What makes `after` of `before`, both as JSON has them: what is undefined is not there. */
export function differenceOf(before: object, after: object): Patch {
  const set: Record<string, unknown> = {};
  const gone: string[] = [];
  compare(before as Tree, after as Tree, "", set, gone);
  return {
    ...(Object.keys(set).length > 0 ? { set } : {}),
    ...(gone.length > 0 ? { gone } : {}),
  };
}

function compare(
  before: Tree,
  after: Tree,
  path: string,
  set: Record<string, unknown>,
  gone: string[],
): void {
  for (const key in before)
    if (after[key] === undefined && before[key] !== undefined) gone.push(`${path}/${escaped(key)}`);
  for (const key in after) {
    const [old, value] = [before[key], after[key]];
    // What a transition leaves alone is the very same object.
    if (value === old || value === undefined) continue;
    const place = `${path}/${escaped(key)}`;
    if (isTree(old) && isTree(value) && keepsOrder(old, value))
      compare(old, value, place, set, gone);
    else if (JSON.stringify(old) !== JSON.stringify(value)) set[place] = value;
  }
}

/** Whether what is new stands behind what stays: that is where a patch puts it, and machines go by order. */
function keepsOrder(before: Tree, after: Tree): boolean {
  const kept = Object.keys(before).filter((key) => after[key] !== undefined);
  const now = Object.keys(after).filter((key) => after[key] !== undefined);
  return kept.every((key, index) => key === now[index]);
}

/** `before` with a patch; it is left as it was, and shares what did not change. */
export function patched<T extends object>(before: T, { set = {}, gone = [] }: Patch): T {
  const root: Tree = { ...(before as Tree) };
  const own = new Set<unknown>([root]);
  /** The object that holds a place, copied once. */
  const holderOf = (parts: readonly string[]): Tree => {
    let holder = root;
    for (const part of parts) {
      const next = holder[part];
      if (!isTree(next)) throw new Error(`nothing is at /${parts.join("/")}`);
      if (own.has(next)) {
        holder = next;
        continue;
      }
      const copy = { ...next };
      own.add(copy);
      holder[part] = copy;
      holder = copy;
    }
    return holder;
  };
  const placed = (place: string): [Tree, string] => {
    const parts = place.slice(1).split("/").map(unescaped);
    const key = parts.pop() ?? "";
    return [holderOf(parts), key];
  };
  for (const place of gone) {
    const [holder, key] = placed(place);
    delete holder[key];
  }
  for (const [place, value] of Object.entries(set)) {
    const [holder, key] = placed(place);
    holder[key] = value;
  }
  return root as T;
}

/** Two JSON values as equal texts where they are the same but for the order of keys. */
export function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    isTree(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** One revision as it is stored: its snapshot whole, or what changed. Both are JSON. */
type Stored = { actor: string; snapshot: string | null; patch: string | null };

/** Rows of actors, each in order and from a whole one on, with their snapshots as JSON. */
export function unfolded<Row extends Stored>(
  rows: readonly Row[],
): (Omit<Row, "patch" | "snapshot"> & { snapshot: string })[] {
  const present = new Map<string, object>();
  return rows.map((row) => {
    const after = unfold(present.get(row.actor), row);
    present.set(row.actor, after);
    const { patch: _, snapshot, ...rest } = row;
    return { ...rest, snapshot: snapshot ?? JSON.stringify(after) };
  });
}

/** A revision, of the one before it. @throws where neither it nor what is before it is whole */
export function unfold(before: object | undefined, { actor, snapshot, patch }: Stored): object {
  if (snapshot !== null) return JSON.parse(snapshot) as object;
  if (!before || patch === null) throw new Error(`a revision of ${actor} has nothing before it`);
  return patched(before, JSON.parse(patch) as Patch);
}
