import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** What IANA has given out of IPv6 to be routed globally; all else is somebody's inside or nobody's. */
const GLOBAL_UNICAST_V6 = ipaddr.IPv6.parseCIDR("2000::/3");

/**
 * Whether an IP address is on the public internet: not private, loopback, link-local, shared (CGNAT),
 * multicast, reserved, documentation, or a tunnel to any of them. Never throws; what is no address is
 * not public. IPv4-mapped IPv6 counts as the IPv4 address it maps.
 *
 * @see RFC 6890 and the IANA special-purpose address registries
 */
export function isPublic(address: string): boolean {
  const parsed = parseAddress(address);
  if (parsed?.range() !== "unicast") return false;
  return parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_UNICAST_V6);
}

/** Whether an IP address is this machine's own: 127.0.0.0/8 or ::1. Never throws. */
export function isLoopback(address: string): boolean {
  return parseAddress(address)?.range() === "loopback";
}

/** Whether a URL's hostname is an IP address, which a URL parser has made canonical, and not a name. */
export function isLiteral(hostname: string): boolean {
  return parseAddress(hostname) !== null;
}

/** ipaddr.js alone would take `1.2.3` for an address, as the C library does. */
export function parseAddress(address: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  return isIP(address) === 0 ? null : ipaddr.process(address);
}
