import { expect, test } from "bun:test";
import { addressOf } from "../../server/http/address.ts";

const from = (address: string) => ({ requestIP: () => ({ address }) });
const asking = (forwarded?: string) =>
  new Request("http://berth.test/", forwarded ? { headers: { "x-forwarded-for": forwarded } } : {});

test("a peer is counted by its own address", () => {
  expect(addressOf(asking(), from("203.0.113.7"))).toBe("203.0.113.7");
  expect(addressOf(asking(), from("127.0.0.1"))).toBe("127.0.0.1");
});

test("what a proxy on this machine passes on counts for the address that the proxy wrote", () => {
  for (const proxy of ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
    expect(addressOf(asking("198.51.100.9, 203.0.113.7"), from(proxy))).toBe("203.0.113.7");
});

test("nobody else can claim another address", () => {
  expect(addressOf(asking("198.51.100.9"), from("203.0.113.7"))).toBe("203.0.113.7");
  expect(addressOf(asking("198.51.100.9"), null)).toBe("unknown");
});

test("all addresses of an IPv6 /64 are one, as whoever has one has all of them", () => {
  const one = addressOf(asking(), from("2001:db8:0:1::1"));
  expect(addressOf(asking(), from("2001:db8:0:1:ffff:ffff:ffff:ffff"))).toBe(one);
  expect(addressOf(asking("2001:DB8:0:1:0:0:0:9"), from("127.0.0.1"))).toBe(one);
  expect(addressOf(asking(), from("2001:db8:0:2::1"))).not.toBe(one);
  expect(addressOf(asking(), from("2001:db8::1"))).not.toBe(one);
});

test("IPv4 that is written as IPv6 is counted as IPv4", () => {
  expect(addressOf(asking(), from("::ffff:203.0.113.7"))).toBe("203.0.113.7");
  expect(addressOf(asking("::ffff:cb00:7107"), from("::1"))).toBe("203.0.113.7");
});

test("what is no address counts as the proxy that passed it on", () => {
  for (const forwarded of ["unknown", "_hidden", "1.2.3", "x".repeat(99)])
    expect(addressOf(asking(forwarded), from("127.0.0.1"))).toBe("127.0.0.1");
});
