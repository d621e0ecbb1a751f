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
