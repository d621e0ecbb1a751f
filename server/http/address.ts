import ipaddr from "ipaddr.js";
import { parseAddress } from "../outbound/address.ts";

/** What of Bun's server tells who sent a request. */
type Peers = { requestIP(request: Request): { address: string } | null };

/**
 * The address that limits count against: the peer's own, or, for what a proxy on this machine passes
 * on, the last entry of X-Forwarded-For, which is the one that the proxy itself wrote. From anywhere
 * else the header is not believed.
 */
export function addressOf(request: Request, server: Peers | null): string {
  const peer = parseAddress(server?.requestIP(request)?.address ?? "");
  if (peer === null) return "unknown";
  if (peer.range() !== "loopback") return countedAs(peer);
  const forwarded = request.headers.get("x-forwarded-for")?.split(",").at(-1)?.trim();
  return countedAs(parseAddress(forwarded ?? "") ?? peer);
}

/** Of IPv6 the /64: whoever has one has all 2^64 addresses of it (RFC 4291 §2.5.1, RFC 6177). */
const countedAs = (address: ipaddr.IPv4 | ipaddr.IPv6): string =>
  address.kind() === "ipv4"
    ? address.toString()
    : `${ipaddr.IPv6.networkAddressFromCIDR(`${address.toString()}/64`).toString()}/64`;
