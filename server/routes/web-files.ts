import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { type Entity, entityOf } from "./entity.ts";

/** What stands in `web/`, ready to be served. */
export type WebFiles = {
  /** By path: `/assets/<hash>/<name>`. */
  assets: ReadonlyMap<string, Entity>;
  /** The page of that name, its asset addresses made final; `fill` replaces `{{name}}` marks. */
  page: (name: string, fill?: Record<string, string>) => Entity;
};

const ROOT = join(import.meta.dir, "../../web");
const TYPES: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".ts": "text/javascript; charset=utf-8",
};

/**
 * Reads `web/` once. All assets stand under one hash of their contents, so that they never change
 * under their address, and modules and styles find each other by relative names as they are written.
 *
 * @throws Error where a page names an asset that does not exist
 */
export function readWebFiles(): WebFiles {
  const transpiler = new Bun.Transpiler({ loader: "ts", target: "browser" });
  const names = readdirSync(ROOT).sort();
  const contents = new Map(
    names
      .filter((name) => extname(name) in TYPES)
      .map((name) => {
        const text = readFileSync(join(ROOT, name), "utf8");
        return [name, name.endsWith(".ts") ? transpiler.transformSync(text) : text] as const;
      }),
  );
  const digest = createHash("sha256").update(JSON.stringify([...contents]));
  const base = `/assets/${digest.digest("hex").slice(0, 16)}/`;
  const assets = new Map(
    [...contents].map(([name, text]) => [
      base + name,
      entityOf(text, TYPES[extname(name)] ?? "application/octet-stream"),
    ]),
  );

  return {
    assets,
    page(name, fill = {}) {
      const html = readFileSync(join(ROOT, name), "utf8")
        .replace(/"\/assets\/([^"]+)"/g, (_, asset: string) => {
          if (!contents.has(asset)) throw new Error(`${name} names ${asset}, which does not exist`);
          return `"${base}${asset}"`;
        })
        .replace(/\{\{(\w+)\}\}/g, (mark, key: string) => fill[key] ?? mark);
      return entityOf(html, "text/html; charset=utf-8");
    },
  };
}
