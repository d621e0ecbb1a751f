import { serveBlossom } from "./blossom.ts";
import { serveLivekit } from "./livekit.ts";
import { answerManagementCall } from "./nip86.ts";
import type { VirtualRelay } from "./virtual-relay.ts";

type Rewrite = Parameters<typeof answerManagementCall>[2];

/** What one relay answers over plain HTTP. Header values count only when they match exactly. */
export async function serveRelay(
  request: Request,
  relay: VirtualRelay,
  rewrite: Rewrite,
): Promise<Response> {
  const { headers } = request;
  if (request.method === "OPTIONS" && headers.has("access-control-request-method")) {
    return preflight(request);
  }
  const response = await answer(request, relay, rewrite);
  if (headers.has("origin")) response.headers.set("Access-Control-Allow-Origin", "*");
  return response;
}

async function answer(request: Request, relay: VirtualRelay, rewrite: Rewrite): Promise<Response> {
  if (request.headers.get("accept") === "application/nostr+json") {
    return new Response(`${JSON.stringify(relayInformation(relay))}\n`, {
      headers: { "Content-Type": "application/nostr+json" },
    });
  }
  if (request.headers.get("content-type") === "application/nostr+json+rpc") {
    return await answerManagementCall(request, relay, rewrite);
  }
  if (new URL(request.url).pathname === "/") {
    return new Response(page(relay), { headers: { "Content-Type": "text/html; charset=utf-8" } });
  }
  const call = await serveLivekit(request, relay);
  const blob = relay.config.blossom.enabled ? await serveBlossom(request, relay) : null;
  return call ?? blob ?? plainNotFound("404 page not found");
}

/** A 404 as Go's http.NotFound writes it. */
export function plainNotFound(text: string): Response {
  return new Response(`${text}\n`, {
    status: 404,
    headers: { "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff" },
  });
}

function preflight({ headers }: Request): Response {
  return new Response(null, {
    status: 204,
    headers: {
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Allow-Methods": headers.get("access-control-request-method") ?? "",
      "Access-Control-Allow-Headers": headers.get("access-control-request-headers") ?? "",
      "Access-Control-Max-Age": "86400",
    },
  });
}

/** NIP-11; empty texts are left out, and `supported_nips` mixes numbers and strings as zooid's does. */
function relayInformation({ config, owner, self }: VirtualRelay): Record<string, unknown> {
  const { name, description, icon } = config.info;
  return {
    ...(name && { name }),
    ...(description && { description }),
    pubkey: owner,
    self,
    supported_nips: [
      ...[1, 11, 42, 70, 86, "43", 40],
      ...(config.blossom.enabled ? ["BUD-00", "BUD-01", "BUD-02", "BUD-11"] : []),
      ...(config.groups.enabled ? ["29"] : []),
      ...(config.push.enabled ? ["9a"] : []),
      ...[9, 77],
    ],
    software: "https://github.com/coracle-social/zooid",
    version: "v0.1.0",
    ...(icon && { icon }),
  };
}

function page({ config }: VirtualRelay): string {
  const [name, description, host] = [config.info.name, config.info.description, config.host].map(
    (text) => Bun.escapeHTML(text),
  );
  return `<!doctype html><html><head><title>${name}</title></head><body><h1>${name}</h1>
<p>${description}</p><a href="https://app.flotilla.social/spaces/${host}">Open</a></body></html>\n`;
}
