/** The folder tree is the architecture: this holds who may import whom. */
import { expect, test } from "bun:test";
import { dirname, join, normalize } from "node:path";
import manifest from "../package.json";

const root = join(import.meta.dir, "..");

type Import = { from: string; to: string; isType: boolean };

const files = (
  await Array.fromAsync(
    new Bun.Glob("{machines,db,server,web,tests,bench}/**/*.{ts,tsx}").scan({ cwd: root }),
  )
).sort();
const texts = new Map(
  await Promise.all(
    files.map(async (file) => [file, await Bun.file(join(root, file)).text()] as const),
  ),
);

/** `import … from`, `export … from`, `import "…"` and `import("…")`; a path is made relative to the root. */
function importsOf(file: string): Import[] {
  const statement =
    /^(?:import|export)\s+(type\s)?(?:[\w*{}\s,$]+?\sfrom\s+)?"([^"]+)"|\bimport\("([^"]+)"\)/gm;
  return [...(texts.get(file) ?? "").matchAll(statement)].map(([, type, named, dynamic]) => {
    const target = named ?? dynamic ?? "";
    const to = target.startsWith(".") ? normalize(join(dirname(file), target)) : target;
    return { from: file, to, isType: type !== undefined };
  });
}
const imports = files.flatMap(importsOf);

/** `server/host` for `server/host/host.ts`; null for a file that stands in `server` or `web` itself. */
function folderOf(file: string): string | null {
  const [top = "", second = "", third] = file.split("/");
  if (top !== "server" && top !== "web") return top;
  return third === undefined ? null : `${top}/${second}`;
}

const shown = (found: Import[]): string[] => found.map(({ from, to }) => `${from} → ${to}`);
const within = (folder: string) => (file: string) => file.startsWith(`${folder}/`);

test("the scanner sees imports of every kind", () => {
  expect(imports.length).toBeGreaterThan(200);
  expect(imports.some(({ to }) => to === "machines/relay/machine.ts")).toBe(true);
  expect(imports.some(({ isType }) => isType)).toBe(true);
});

test("machines import xstate and nothing else", () => {
  const foreign = imports.filter(
    ({ from, to }) => within("machines")(from) && to !== "xstate" && !within("machines")(to),
  );
  expect(shown(foreign)).toEqual([]);
});

test("machines read no clock, no randomness, no network", () => {
  const impure = files
    .filter(within("machines"))
    .filter((file) =>
      /\bDate\.now\b|new Date\(\)|\bfetch\(|\bcrypto\b|Math\.random/.test(texts.get(file) ?? ""),
    );
  expect(impure).toEqual([]);
});

test("db imports drizzle-orm and bun:sqlite and nothing of ours", () => {
  const foreign = imports.filter(
    ({ from, to }) =>
      within("db")(from) && !/^(?:drizzle-orm|bun:sqlite|node:)/.test(to) && !within("db")(to),
  );
  expect(shown(foreign)).toEqual([]);
});

test("production code never imports the sandbox, tests or bench", () => {
  const isProduction = (file: string) =>
    /^(?:machines|db|server|web)\//.test(file) && !within("server/sandbox")(file);
  const wrong = imports.filter(
    ({ from, to }) => isProduction(from) && /^(?:server\/sandbox|tests|bench)\//.test(to),
  );
  expect(shown(wrong)).toEqual([]);
});

test("production code imports no development dependency", () => {
  const development = Object.keys(manifest.devDependencies);
  const wrong = imports.filter(
    ({ from, to, isType }) =>
      /^(?:machines|db|server)\//.test(from) &&
      !within("server/sandbox")(from) &&
      !isType &&
      development.some((name) => to === name || to.startsWith(`${name}/`)),
  );
  expect(shown(wrong)).toEqual([]);
});

test("the web takes machines, and of the server only types", () => {
  const wrong = imports.filter(
    ({ from, to, isType }) =>
      within("web")(from) && (within("db")(to) || (within("server")(to) && !isType)),
  );
  expect(shown(wrong)).toEqual([]);
});

test("pages are made of components, components of parts; parts and lib know neither", () => {
  const wrong = imports.filter(
    ({ from, to }) =>
      (/^web\/(?:lib|ui)\//.test(from) && /^web\/(?:components|pages|sandbox)\//.test(to)) ||
      (within("web/components")(from) && within("web/pages")(to)),
  );
  expect(shown(wrong)).toEqual([]);
});

test("no two folders import each other", () => {
  const edges = new Set<string>();
  for (const { from, to } of imports) {
    const [a, b] = [folderOf(from), to.includes("/") && texts.has(to) ? folderOf(to) : null];
    if (a !== null && b !== null && a !== b && a !== "tests" && a !== "bench")
      edges.add(`${a} ${b}`);
  }
  const mutual = [...edges].filter((edge) => {
    const [a, b] = edge.split(" ");
    return edges.has(`${b} ${a}`);
  });
  expect(mutual).toEqual([]);
});

test("only the host's own file speaks XState's internal names", () => {
  const speakers = files
    .filter((file) => !within("tests")(file) && file !== "server/host/xstate.ts")
    .filter((file) => /["'`]xstate\.[a-z]/.test(texts.get(file) ?? ""));
  expect(speakers).toEqual([]);
});

test("the host knows machines, but no word of what they are about", () => {
  const words = /\b(?:tenant|relay|invoice|bolt11|sats|zooid|nostr)s?\b/i;
  const speakers = files
    .filter(within("server/host"))
    .filter((file) =>
      words.test((texts.get(file) ?? "").replace(/^\s*(?:\*|\/\*\*?|\/\/).*$/gm, "")),
    );
  expect(speakers).toEqual([]);
});

test("what is sent to an actor, and read of it, goes by an address that knows it", () => {
  const untyped = files.filter(
    (file) =>
      within("server")(file) &&
      /\.(?:send|read)\(`|persisted\??\.context(?: \?\? \{\})?\)? as\b/.test(texts.get(file) ?? ""),
  );
  expect(untyped).toEqual([]);
});

test("no product file is longer than 300 lines", () => {
  // What is still to be split: this list only ever gets shorter.
  const known = [
    "machines/login.ts",
    "server/berth.ts",
    "server/routes/shapes.ts",
    "server/wallet/wallet-client.ts",
  ];
  const long = files
    .filter((file) => /^(?:machines|db|server|web)\//.test(file) && !known.includes(file))
    .filter((file) => (texts.get(file) ?? "").split("\n").length > 301);
  expect(long).toEqual([]);
});
