import { Elysia } from "elysia";
import { targetOf } from "../http/edge.ts";
import { entityResponse } from "./entity.ts";
import { acceptsHtml, prefersHtml } from "./negotiation.ts";
import type { WebFiles } from "./web-files.ts";

/** The pages of the web app. Some of these paths are the API's too: Accept says which is meant. */
const PAGE =
  /^\/(?:login|account|admin|relays(?:\/[^/]+(?:\/edit)?)?|admin\/(?:tenants(?:\/[^/]+)?|relays(?:\/[^/]+(?:\/edit)?)?))?$/;

const IMMUTABLE = {
  "cache-control": "public, max-age=31536000, immutable",
  vary: "accept-encoding",
};
/** Kept, but asked for again each time: it names the assets of this version. */
const PAGE_HEADERS = { "cache-control": "no-cache", vary: "accept, accept-encoding" };

/**
 * The web app and its assets. Ahead of authentication: `/admin/relays` is a page for a browser and an
 * API for a client that signs. Only what was read at start can be served, so no path leads elsewhere.
 */
export const webRoutes = (files: WebFiles) => {
  const page = files.page("index.html");

  return new Elysia({ name: "web" }).onRequest(({ request, set }) => {
    if (request.method !== "GET" && request.method !== "HEAD") return;
    const { pathname } = targetOf(request.url);
    const asset = files.assets.get(pathname);
    if (asset) return entityResponse(asset, request, IMMUTABLE);
    if (!PAGE.test(pathname)) return;
    const accept = request.headers.get("accept");
    // At the root stands nothing else: who takes anything (link previews do) gets the page.
    const isWanted = pathname === "/" ? acceptsHtml(accept) : prefersHtml(accept);
    if (isWanted) return entityResponse(page, request, PAGE_HEADERS);
    set.headers.vary = "accept";
  });
};
