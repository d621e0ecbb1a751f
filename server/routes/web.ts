import { Elysia } from "elysia";
import type { Offer } from "../../machines/plans.ts";
import { isGuarded, targetOf } from "../http/edge.ts";
import type { OperatorFacts } from "../operator-facts.ts";
import { type Entity, entityResponse, policy } from "./entity.ts";
import { acceptsHtml, prefersHtml } from "./negotiation.ts";
import type { RelayAddress } from "./views.ts";
import type { WebFiles } from "./web-files.ts";

/** The pages of the web app. Some of these paths are the API's too: Accept says which is meant. */
const PAGE =
  /^\/(?:login|account|admin|join\/[^/]+|relays(?:\/[^/]+(?:\/edit)?)?|admin\/(?:tenants(?:\/[^/]+)?|relays(?:\/[^/]+(?:\/edit)?)?))?$/;

const IMMUTABLE = {
  "cache-control": "public, max-age=31536000, immutable",
  vary: "accept-encoding",
};
/** Kept, but asked for again each time: it names the assets of this version. */
const PAGE_HEADERS = { "cache-control": "no-cache", vary: "accept, accept-encoding" };
/** Those that name our own origin. */
const FILLED = ["/robots.txt", "/sitemap.xml"];
const FILE_HEADERS = { "cache-control": "public, max-age=3600", vary: "accept-encoding" };

/**
 * The web app and its assets. Ahead of authentication: `/admin/relays` is a page for a browser and an
 * API for a client that signs. Only what was read at start can be served, so no path leads elsewhere.
 *
 * @param origin - of these pages, known once somebody listens
 * @param facts - what the plans that the pages sell can have, and who sells them
 * @param connectRelays - over which a remote signer may be met (NIP-46), besides the app's own choice
 */
export const webRoutes = (
  files: WebFiles,
  address: RelayAddress,
  origin: () => string,
  connectRelays: readonly string[],
  facts: { offer: Offer; operator: OperatorFacts },
) => {
  const settings = {
    relay_scheme: address.scheme,
    relay_domain: address.relayDomain,
    connect_relays: connectRelays,
    offer: facts.offer,
    operator: facts.operator,
  };
  const made = new Map<string, Entity>();
  const filled = (name: string): Entity => {
    const known = made.get(name);
    if (known) return known;
    const entity = files.fill(name, {
      origin: Bun.escapeHTML(origin()),
      settings: Bun.escapeHTML(JSON.stringify(settings)),
    });
    made.set(name, entity);
    return entity;
  };
  const pageHeaders = {
    ...PAGE_HEADERS,
    // A remote signer (NIP-46) is reached through relays of the user’s own choice, and found by a name
    // at any domain (NIP-05).
    "content-security-policy": policy(
      address.scheme === "ws" ? "https: wss: ws://localhost:* ws://127.0.0.1:*" : "https: wss:",
    ),
  };

  const web = new Elysia({ name: "web" });
  web.onRequest(({ request, set }) => {
    if (!isRead(request)) return;
    const { pathname } = targetOf(request.url);
    const asset = files.assets.get(pathname);
    if (asset) return entityResponse(asset, request, IMMUTABLE);
    const file = FILLED.includes(pathname) ? filled(pathname.slice(1)) : files.files.get(pathname);
    if (file) return entityResponse(file, request, FILE_HEADERS);
    if (!PAGE.test(pathname)) return;
    const accept = request.headers.get("accept");
    // At the root stands nothing else: who takes anything (link previews do) gets the page.
    const isWanted = pathname === "/" ? acceptsHtml(accept) : prefersHtml(accept);
    // A link is for whom it was given to, not for who searches.
    const robots = pathname.startsWith("/join/") ? { "x-robots-tag": "noindex" } : {};
    if (isWanted)
      return entityResponse(filled("index.html"), request, { ...pageHeaders, ...robots });
    set.headers.vary = "accept";
  });
  // Where there is nothing, after whatever stands before routes: limits, and signatures where they are due.
  return web.onError({ as: "global" }, ({ code, request, set }) => {
    if (code !== "NOT_FOUND" || !isRead(request) || isGuarded(targetOf(request.url).pathname))
      return;
    if (prefersHtml(request.headers.get("accept")))
      return entityResponse(filled("not-found.html"), request, PAGE_HEADERS, 404);
    set.headers.vary = "accept";
  });
};

const isRead = ({ method }: Request): boolean => method === "GET" || method === "HEAD";
