/**
 * The URL the relay takes for its own, as NIP-42 and NIP-86 check it: forwarded headers first, then
 * a guess that gives `http` to localhost, bare IPs and hosts with a port, and `https` to the rest.
 */
export function baseUrl(request: Request): string {
  const host = request.headers.get("x-forwarded-host") ?? request.headers.get("host") ?? "";
  const isLocal = host === "localhost" || host.includes(":") || /^[0-9.]+$/.test(host);
  const scheme = request.headers.get("x-forwarded-proto") ?? (isLocal ? "http" : "https");
  return `${scheme}://${host}`;
}

/** Lower-case host, ws for http, no trailing slash. Text that is no URL comes back as it is. */
export function normalizeUrl(text: string): string {
  try {
    const url = new URL(text);
    const scheme = url.protocol.replace("http", "ws");
    return `${scheme}//${url.host}${url.pathname.replace(/\/+$/, "")}${url.search}`;
  } catch {
    return text;
  }
}
