/**
 * `bun run build`, `bun run build:sandbox`: the pages, from `web/` to `dist/`. What has not changed is not built again.
 * Prints what a first visit to each page loads, and fails where that is more than we allow ourselves.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import tailwindcss from "@tailwindcss/vite";
import { build, type Manifest } from "vite";
import solid from "vite-plugin-solid";

const root = import.meta.dir;
const isSandbox = process.argv.includes("--sandbox");
const outDir = join(root, "../dist", isSandbox ? "sandbox" : "web");
const stamp = join(outDir, ".vite/sources");

/** kB gzipped of JavaScript that a first visit may load. */
const HOME_KB = 60;
const PAGE_KB = 120;

const PUBLIC_PAGES = ["pages/home.tsx", "pages/login.tsx", "pages/not-found.tsx"];
const WITH_LOGIN = ["components/tenant-pages.tsx", "components/person.tsx", "ui/toast.tsx"];

const sources = await sourcesHash();
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== sources) {
  await build({
    root,
    configFile: false,
    logLevel: "warn",
    plugins: [solid(), tailwindcss()],
    // The sandbox's bar is in the sandbox's pages alone.
    define: { __SANDBOX__: JSON.stringify(isSandbox) },
    build: {
      outDir,
      emptyOutDir: true,
      target: "es2022",
      manifest: true,
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      rollupOptions: {
        input: ["index.html", "docs.html", "not-found.html"].map((page) => join(root, page)),
      },
    },
  });
  writeFileSync(stamp, sources);
}
if (!isSandbox) measure();

async function sourcesHash(): Promise<string> {
  const hash = createHash("sha256").update(String(isSandbox));
  const files = new Bun.Glob("{web,machines}/**/*");
  const names = await Array.fromAsync(files.scan({ cwd: join(root, "..") }));
  for (const name of [...names, "bun.lock"].sort())
    hash.update(`${name}\n`).update(readFileSync(join(root, "..", name)));
  return hash.digest("hex");
}

/** The table; exits with 1 where a page is too big. */
function measure(): void {
  const manifest = JSON.parse(
    readFileSync(join(outDir, ".vite/manifest.json"), "utf8"),
  ) as Manifest;
  const rows = Object.keys(manifest)
    .filter((name) => name.startsWith("pages/"))
    .map((page) => {
      const isTenants = !PUBLIC_PAGES.includes(page);
      // What such a page loads as soon as it is there, each a file of its own.
      const entries = ["index.html", page, ...(isTenants ? WITH_LOGIN : [])];
      const bytes = filesOf(manifest, entries).reduce(
        (sum, file) => sum + gzipped(join(outDir, file)),
        0,
      );
      return {
        page,
        "js kB gzipped": Math.round(bytes / 100) / 10,
        allowed: page === "pages/home.tsx" ? HOME_KB : PAGE_KB,
      };
    });
  console.table(rows);
  const tooBig = rows.filter((row) => row["js kB gzipped"] > row.allowed);
  if (tooBig.length === 0) return;
  console.error(`too much JavaScript: ${tooBig.map(({ page }) => page).join(", ")}`);
  process.exit(1);
}

/** All scripts that these entries load at once: themselves and what they import, not what they load later. */
function filesOf(manifest: Manifest, entries: string[]): string[] {
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const imported of manifest[name]?.imports ?? []) visit(imported);
  };
  for (const entry of entries) visit(entry);
  return [...seen].map((name) => manifest[name]?.file ?? "").filter((file) => file.endsWith(".js"));
}

function gzipped(file: string): number {
  return Bun.gzipSync(readFileSync(file)).length;
}
