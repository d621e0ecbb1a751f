import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { raw, startPages } from "./fixture.ts";

let pages: Awaited<ReturnType<typeof startPages>>;
beforeAll(async () => {
  pages = await startPages();
});
afterAll(() => pages.stop());

const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
const id = `r${"0a".repeat(12)}`;
const pubkey = "0b".repeat(32);
const PAGES = [
  "/",
  "/login",
  "/relays",
  "/relays/new",
  `/relays/${id}`,
  `/relays/${id}/edit`,
  "/account",
  "/admin",
  "/admin/tenants",
  `/admin/tenants/${pubkey}`,
  "/admin/relays",
  `/admin/relays/${id}`,
  `/admin/relays/${id}/edit`,
];
const NO_PAGES = [
  "/index.html",
  "/logins",
  "/login/",
  "/login/x",
  "/relays/",
  `/relays/${id}/edit/x`,
  `/relays/${id}/members`,
  "/admin/",
  "/admin/tenants/a/b",
  "/admin/invoices",
  "/tenant",
  "/tenant/relays",
  "/assets",
  "/assets/",
  "/assets/index.html",
  "/nothing",
  "/sandbox/nothing",
];

const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  fetch(pages.url + path, { method, headers: { accept: BROWSER, ...headers } });
const vary = (response: Response) =>
  (response.headers.get("vary") ?? "").split(",").map((name) => name.trim().toLowerCase());
const addressesIn = (html: string) =>
  [...html.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map((match) => match[1] ?? "");

const dist = join(import.meta.dir, "../../dist");
/** What `bun run build` and `bun run build:sandbox` put into their assets, by name. */
const builtAssets = (build: "web" | "sandbox") => readdirSync(join(dist, build, "assets"));
const scriptsOf = (build: "web" | "sandbox") =>
  builtAssets(build)
    .filter((name) => name.endsWith(".js"))
    .map((name) => readFileSync(join(dist, build, "assets", name), "utf8"))
    .join("\n");

describe("which answer a path gives", () => {
  test.each(PAGES)("%s is a page for who prefers HTML, and varies by Accept", async (path) => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(vary(response)).toContain("accept");
    expect(await response.text()).toStartWith("<!doctype html>");
  });

  test.each(PAGES)("%s is no page for who prefers JSON, and varies all the same", async (path) => {
    const response = await get(path, { accept: "application/json" });
    expect(response.status).toBe(path.startsWith("/admin") ? 401 : 404);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(vary(response)).toContain("accept");
  });

  test.each(NO_PAGES)("%s is no page: who prefers HTML is shown a way back", async (path) => {
    const isGuarded = /^\/(?:tenant|admin)(?:\/|$)/.test(path);
    const response = await get(path);
    expect(response.status).toBe(isGuarded ? 401 : 404);
    const type = isGuarded ? "application/problem+json" : "text/html; charset=utf-8";
    expect(response.headers.get("content-type")).toBe(type);
    if (!isGuarded) {
      expect(vary(response)).toContain("accept");
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(await response.text()).toContain('<a class="button" href="/">');
    }
    const json = await get(path, { accept: "*/*" });
    expect(json.status).toBe(isGuarded ? 401 : 404);
    expect(json.headers.get("content-type")).toBe("application/problem+json");
    if (!isGuarded) expect(vary(json)).toContain("accept");
  });

  test("only who reads is shown that page, and each time anew", async () => {
    for (const method of ["POST", "PUT", "DELETE"])
      expect((await get("/nothing", {}, method)).headers.get("content-type")).toBe(
        "application/problem+json",
      );
    const head = await get("/nothing", {}, "HEAD");
    expect([head.status, await head.text()]).toEqual([404, ""]);
    const etag = (await get("/nothing")).headers.get("etag") ?? "";
    expect((await get("/nothing", { "if-none-match": etag })).status).toBe(404);
  });

  test.each(["/plans", "/healthz", "/subdomains/bookclub", "/openapi.json"])(
    "%s answers JSON even to who prefers HTML",
    async (path) => {
      const response = await get(path);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toStartWith("application/json");
    },
  );

  test.each([
    ["text/html", true],
    ["text/*;q=0.9, application/json;q=0.5", true],
    ["TEXT/HTML;Q=1", true],
    ["application/json, text/html;q=0.9", false],
    ["text/html;q=0, */*", false],
    ["text/html, application/json", false],
    ["*/*", false],
    ["image/png", false],
    ["text/html;q=nonsense", false],
  ])("Accept: %s prefers a page: %p", async (accept, isPage) => {
    const response = await get("/admin/relays", { accept });
    expect(response.status).toBe(isPage ? 200 : 401);
  });

  test("at the root, who takes anything gets the page, and who wants JSON does not", async () => {
    expect((await get("/", { accept: "*/*" })).status).toBe(200);
    expect((await get("/", { accept: "text/html;q=0, */*" })).status).toBe(404);
    expect((await get("/", { accept: "application/json, text/html;q=0.5" })).status).toBe(404);
  });

  test.each(["POST", "PUT", "DELETE", "PATCH"])(
    "a %s is never answered by a page",
    async (method) => {
      expect((await get("/login", {}, method)).status).toBe(404);
      expect((await get("/admin/relays", {}, method)).status).toBe(401);
    },
  );

  test("HEAD answers what GET does, without the body", async () => {
    const [head, whole] = await Promise.all([get("/login", {}, "HEAD"), get("/login")]);
    expect(head.status).toBe(200);
    expect(await head.text()).toBe("");
    for (const name of ["content-type", "etag", "vary", "cache-control", "content-security-policy"])
      expect(head.headers.get(name)).toBe(whole.headers.get(name));
  });
});

describe("what pages and assets carry", () => {
  test.each(["/", "/admin/relays", "/openapi", "/nothing"])(
    "%s lets nothing foreign or inline run",
    async (path) => {
      const response = await get(path);
      const policy = new Map(
        (response.headers.get("content-security-policy") ?? "").split(";").map((directive) => {
          const [name = "", ...values] = directive.trim().split(" ");
          return [name, values.join(" ")];
        }),
      );
      expect(policy.get("default-src")).toBe("'none'");
      expect(policy.get("script-src")).toBe("'self'");
      expect(policy.get("style-src")).toBe("'self'");
      expect(policy.get("img-src")).toBe("'self'");
      expect(policy.get("font-src")).toBe("'self'");
      // Remote signers are reached over WebSockets, and found by name over https; the documentation runs nothing that could connect.
      expect(policy.get("connect-src")).toBe(
        ["/openapi", "/nothing"].includes(path)
          ? "'self'"
          : "'self' https: wss: ws://localhost:* ws://127.0.0.1:*",
      );
      expect(policy.get("form-action")).toBe("'none'");
      expect(policy.get("frame-ancestors")).toBe("'none'");
      expect(policy.get("base-uri")).toBe("'none'");
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(response.headers.get("referrer-policy")).toBe("no-referrer");

      const html = await response.text();
      expect(html).not.toMatch(/<script(?![^>]*\ssrc=")[^>]*>/);
      expect(html).not.toMatch(/<style|\sstyle=|\son[a-z]+=|javascript:/);
      expect(html).not.toMatch(/(?:href|src)="(?:https?:)?\/\//);
      expect(html).not.toContain("{{");
    },
  );

  test("every asset that was built is served, never changes, and is kept for a year", async () => {
    const html = (await (await get("/")).text()) + (await (await get("/openapi")).text());
    const named = addressesIn(html);
    expect(named.length).toBeGreaterThan(4);
    const addresses = [...new Set([...named, ...builtAssets("web").map((n) => `/assets/${n}`)])];
    for (const address of addresses) {
      expect(address).toMatch(/^\/assets\/[\w.-]+-[\w-]{8}\.(?:js|css|woff2)$/);
      const response = await get(address);
      expect(response.status).toBe(200);
      expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(vary(response)).toEqual(["accept-encoding"]);
    }
  });

  test("scripts arrive as JavaScript, styles as CSS, fonts as WOFF2", async () => {
    const types = new Map<string, string | null>();
    for (const name of builtAssets("web"))
      types.set(
        name.slice(name.lastIndexOf(".")),
        (await get(`/assets/${name}`)).headers.get("content-type"),
      );
    expect(Object.fromEntries(types)).toEqual({
      ".css": "text/css; charset=utf-8",
      ".js": "text/javascript; charset=utf-8",
      ".woff2": "font/woff2",
    });
  });

  test.each([
    ["/mark.svg", "image/svg+xml"],
    ["/favicon.ico", "image/x-icon"],
    ["/preview.png", "image/png"],
    ["/robots.txt", "text/plain; charset=utf-8"],
    ["/sitemap.xml", "application/xml"],
    ["/theme.js", "text/javascript; charset=utf-8"],
  ])("%s stands at the root and is kept for an hour", async (path, type) => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe(type);
    expect(response.headers.get("cache-control")).toBe("public, max-age=3600");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(vary(response)).toEqual(["accept-encoding"]);
    expect((await response.text()).includes("{{origin}}")).toBe(false);
  });

  test("what leads here from elsewhere names this very origin", async () => {
    const textOf = async (path: string) => (await get(path)).text();
    expect(await textOf("/")).toContain(`property="og:image" content="${pages.url}/preview.png"`);
    // It would tell where the operator works.
    expect(await textOf("/robots.txt")).not.toContain("/admin");
    expect(await textOf("/robots.txt")).toContain(`Sitemap: ${pages.url}/sitemap.xml`);
    expect(await textOf("/sitemap.xml")).toContain(`<loc>${pages.url}/</loc>`);
  });

  test("the preview is a picture of 1200 by 630, and light", async () => {
    const bytes = Buffer.from(await (await get("/preview.png")).arrayBuffer());
    expect(bytes.subarray(1, 4).toString()).toBe("PNG");
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([1200, 630]);
    expect(bytes.length).toBeLessThan(150_000);
  });

  test("a page is asked for again each time, and not sent again to who has it", async () => {
    for (const path of ["/", "/openapi", "/openapi.json"]) {
      const first = await get(path);
      const etag = first.headers.get("etag") ?? "";
      expect(etag).toMatch(/^"[^"]+"$/);
      expect(first.headers.get("cache-control")).toBe("no-cache");
      const second = await get(path, { "if-none-match": `"other", ${etag}` });
      expect(second.status).toBe(304);
      expect(second.headers.get("etag")).toBe(etag);
      expect(await second.text()).toBe("");
      expect((await get(path, { "if-none-match": '"other"' })).status).toBe(200);
    }
  });

  test("text is compressed for who takes gzip, under an ETag of its own", async () => {
    const plain = await get("/", { "accept-encoding": "identity" });
    const zipped = await fetch(`${pages.url}/`, {
      headers: { accept: BROWSER, "accept-encoding": "br;q=0.9, gzip" },
      decompress: false,
    });
    expect(plain.headers.get("content-encoding")).toBeNull();
    expect(zipped.headers.get("content-encoding")).toBe("gzip");
    expect(vary(zipped)).toContain("accept-encoding");
    expect(zipped.headers.get("etag")).not.toBe(plain.headers.get("etag"));
    const text = await plain.text();
    const bytes = await zipped.bytes();
    expect(bytes.length).toBeLessThan(text.length / 2);
    expect(new TextDecoder().decode(Bun.gunzipSync(bytes))).toBe(text);
    const refused = await get("/", { "accept-encoding": "gzip;q=0" });
    expect(refused.headers.get("content-encoding")).toBeNull();
  });

  test("no page or asset holds a secret or the environment", async () => {
    const all = ["/", "/admin/relays", "/openapi", "/openapi.json", "/theme.js", "/robots.txt"];
    const assets = builtAssets("web").map((name) => `/assets/${name}`);
    const texts = await Promise.all(
      [...all, ...assets].map(async (address) => (await get(address)).text()),
    );
    for (const secret of pages.secrets) expect(texts.join("").includes(secret)).toBe(false);
  });

  test("the sandbox's bar is in the sandbox's pages alone", () => {
    for (const word of ["/sandbox/clock", "/sandbox/pay", "tenant_nsec"]) {
      expect([word, scriptsOf("sandbox").includes(word)]).toEqual([word, true]);
      expect([word, scriptsOf("web").includes(word)]).toEqual([word, false]);
    }
  });

  test("nothing of how they were built is served", async () => {
    expect(existsSync(join(dist, "web/.vite/manifest.json"))).toBe(true);
    for (const path of ["/.vite/manifest.json", "/.vite/sources", "/assets/.vite/manifest.json"])
      expect((await get(path)).status).toBe(404);
  });
});

test("no path leads out of what was read at start", async () => {
  const [first = ""] = addressesIn(await (await get("/")).text());
  const base = first.slice(0, first.lastIndexOf("/"));
  const targets = [
    "../package.json",
    "../../package.json",
    "..%2f..%2fpackage.json",
    "..%5c..%5cpackage.json",
    "%2e%2e/%2e%2e/package.json",
    "....//....//package.json",
    "../../../../../../etc/passwd",
    "%00",
    "theme.js%00.css",
    ".vite/manifest.json",
    "../.vite/manifest.json",
    "index.html",
    "docs.html",
    "./",
    "",
  ].flatMap((path) => [`${base}/${path}`, `/assets/${path}`, `/${path}`]);
  for (const target of targets) {
    const answer = await raw(pages.url, target, "*/*");
    const isRoot = answer.startsWith("HTTP/1.1 200") && answer.includes("<!doctype html>");
    // Dots that lead to the root itself are the root.
    if (isRoot) expect(target).toMatch(/^\/(?:\.\/)?$/);
    else expect(answer).toMatch(/^HTTP\/1\.1 40[04]/);
    expect(answer).not.toContain('"dependencies"');
    expect(answer).not.toContain("root:");
  }
});
