/** What of Bun's server tells who sent a request. */
type Peers = { requestIP(request: Request): { address: string } | null };

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;

/**
 * The address that limits count against: the peer's own, or, for what a proxy on this machine passes
 * on, the last entry of X-Forwarded-For, which is the one that the proxy itself wrote. From anywhere
 * else the header is not believed.
 */
export function addressOf(request: Request, server: Peers | null): string {
  const peer = server?.requestIP(request)?.address ?? "unknown";
  if (!LOOPBACK.test(peer)) return peer;
  const forwarded = request.headers.get("x-forwarded-for")?.split(",").at(-1)?.trim();
  return forwarded || peer;
}
