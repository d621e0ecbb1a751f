import { expect, test } from "bun:test";
import { inboxRelay, plainRelay } from "../../../../web/lib/notices/relay-address.ts";

test("an inbox relay is a wss address, as people write it", () => {
  expect(inboxRelay(" relay.example.com ")).toEqual({ url: "wss://relay.example.com" });
  expect(inboxRelay("wss://Relay.example.com/inbox/#x")).toEqual({
    url: "wss://relay.example.com/inbox/",
  });
  expect(inboxRelay("ws://127.0.0.1:7000")).toEqual({ url: "ws://127.0.0.1:7000" });
  for (const wrong of [
    "",
    "ws://relay.example.com",
    "https://x.example",
    "wss://a:b@x.example",
    "wss://x",
  ])
    expect([wrong, "problem" in inboxRelay(wrong)]).toEqual([wrong, true]);
  expect(plainRelay("wss://x.example/")).toBe("wss://x.example");
});
