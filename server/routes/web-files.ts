import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { type Entity, entityOf } from "./entity.ts";

/** The pages as they were built, ready to be served. */
export type WebFiles = {
  /** By path: `/assets/<name>-<hash>.<ext>`, which never change. */
  assets: ReadonlyMap<string, Entity>;
  /** By path: what stands at the root under a name of its own, such as `/robots.txt`. */
  files: ReadonlyMap<string, Entity>;
  /** A text of that name with its `{{mark}}`s replaced by what is given, which must be HTML in a page. */
  fill: (name: string, marks: Record<string, string>) => Entity;
};

const TYPES: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".woff2": "font/woff2",
  ".xml": "application/xml",
};

/** What is not served as it is: it has marks. */
const FILLED = /\.html$|^(?:robots\.txt|sitemap\.xml)$/;

/**
 * Reads what `bun run build` made, once.
 *
 * @param directory - of the build
 * @throws Error that names the fix where there is no build
 */
export function readWebFiles(directory: string): WebFiles {
  if (!existsSync(join(directory, "index.html")))
    throw new Error(`there are no pages in ${directory}: run \`bun run build\` first`);
  const typeOf = (name: string): string => TYPES[extname(name)] ?? "application/octet-stream";
  const entities = (folder: string, path: string): Map<string, Entity> =>
    new Map(
      readdirSync(folder)
        .filter((name) => extname(name) in TYPES && !FILLED.test(name))
        .map((name) => [path + name, entityOf(readFileSync(join(folder, name)), typeOf(name))]),
    );
  return {
    assets: entities(join(directory, "assets"), "/assets/"),
    files: entities(directory, "/"),
    fill: (name, marks) =>
      entityOf(
        readFileSync(join(directory, name), "utf8").replace(
          /\{\{(\w+)\}\}/g,
          (mark, key: string) => marks[key] ?? mark,
        ),
        typeOf(name),
      ),
  };
}
