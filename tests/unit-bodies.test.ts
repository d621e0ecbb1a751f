/**
 * What decides in a unit runs again after a conflict, and is kept only if its unit is written. So it asks
 * no clock but `tx.now`, reads actors by `tx.read` alone, and reaches nobody outside.
 */
import { expect, test } from "bun:test";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
/** What runs bodies, and gives them their time. */
const MACHINERY = ["server/host/host.ts", "server/host/run.ts", "server/host/units.ts"];
const STRAYING =
  /\bhost\.(?!transact\b|deliver\b)\w+|\b(?:clock|fetch|Date|performance|setTimeout|WebSocket)\b/g;
/** Where a body is given to be run, and where one that takes a Tx or Run begins. */
const GIVEN = /\.(?:transact|deliver)\(/g;
const BEGUN = /\(tx\) =>|\b(?:tx: Tx|run: Run)\b/g;

/** The code without comments and the words in quotes, each character in its place. */
const bare = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\/|\/\/.*|"(?:\\.|[^"\\\n])*"/g, (part) => " ".repeat(part.length));

/** From an opening bracket to the one that closes it. */
function enclosed(text: string, from: number): string {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if ("([{".includes(text[at] ?? "")) depth++;
    else if (")]}".includes(text[at] ?? "") && --depth === 0) return text.slice(from, at + 1);
  }
  throw new Error(`nothing closes what is opened at ${from}`);
}

/** The block, or the one expression, of a function whose parameters stand at `from`. */
function blockAfter(text: string, from: number): string {
  const begins = /\)(?::[^{=]*)?\s*(=>)?\s*(\{)?/g;
  begins.lastIndex = from;
  const found = begins.exec(text);
  const [whole = "", , brace] = found ?? [];
  const at = (found?.index ?? from) + whole.length;
  return brace ? enclosed(text, at - 1) : text.slice(at, text.indexOf("\n", at));
}

function strayingsIn(file: string, source: string): string[] {
  const text = bare(source);
  const given = [...text.matchAll(GIVEN)].map(({ index, 0: call }) =>
    enclosed(text, index + call.length - 1),
  );
  const begun = [...text.matchAll(BEGUN)].map(({ index }) => blockAfter(text, index));
  const found = [...given, ...begun].flatMap((body) => [...body.matchAll(STRAYING)]);
  return [...new Set(found.map(([what]) => `${file}: ${what}`))];
}

test("what decides in a unit asks no clock, no host and nobody outside", async () => {
  const wrong: string[] = [];
  for await (const file of new Bun.Glob("server/**/*.ts").scan({ cwd: root })) {
    if (MACHINERY.includes(file) || file.startsWith("server/sandbox/")) continue;
    wrong.push(...strayingsIn(file, await Bun.file(join(root, file)).text()));
  }
  expect(wrong).toEqual([]);
});

test.each([
  ["host.transact(s, async (tx) => { await host.read(id); })", "host.read"],
  ["operate(parts, id, by, (tx) => { if (parts.clock.now() > 1) return; })", "clock"],
  ["host.deliver(scope, () => fetch(url))", "fetch"],
  ["function actIn(tx: Tx): string { return Date.now(); }", "Date"],
])("it sees what strays in %s", (text, what) => {
  expect(strayingsIn("x.ts", text)).toEqual([`x.ts: ${what}`]);
});
