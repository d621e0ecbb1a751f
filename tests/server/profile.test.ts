import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Event } from "nostr-tools/core";
import { isSafeText } from "../../machines/names.ts";
import { profileOf } from "../../server/nostr/profile.ts";

let count = 0;
const event = (kind: number, part: Partial<Event> = {}): Event => ({
  ...{ kind, created_at: 1_000, content: "", tags: [], pubkey: "p", sig: "" },
  id: String(count++).padStart(64, "0"),
  ...part,
});
const metadata = (content: unknown, allowLoopback = false) =>
  profileOf([event(0, { content: JSON.stringify(content) })], { allowLoopback });

test("of nobody nothing is known", () => {
  expect(profileOf([], { allowLoopback: false })).toEqual({
    ...{ name: null, about: null, picture: null, nip05: null, relays: null, inboxRelays: null },
    publishedAt: { profile: null, relays: null, inboxRelays: null },
  });
});

test("the newest event of each kind counts", () => {
  const named = (name: string, created_at: number) =>
    event(0, { content: JSON.stringify({ name }), created_at });
  const listed = (kind: number, tag: string, url: string, created_at: number) =>
    event(kind, { tags: [[tag, url]], created_at });
  const events = [
    ...[named("old", 1), named("new", 9), named("older", 0)],
    ...[listed(10002, "r", "wss://new.example", 5), listed(10002, "r", "wss://old.example", 4)],
    ...[listed(10050, "relay", "wss://inbox.example", 2), listed(10050, "relay", "wss://no.ex", 1)],
  ];
  expect(profileOf(events, { allowLoopback: false })).toMatchObject({
    name: "new",
    relays: ["wss://new.example/"],
    inboxRelays: ["wss://inbox.example/"],
    publishedAt: { profile: 9, relays: 5, inboxRelays: 2 },
  });
});

test("a list that names nothing usable is empty, which is not the same as none", () => {
  const tags = [["r", "http://a.example"], ["r"], ["relay", "wss://a.example"], ["r", "nope"]];
  const { relays, inboxRelays } = profileOf([event(10002, { tags })], { allowLoopback: false });
  expect([relays, inboxRelays]).toEqual([[], null]);
  const many = Array.from({ length: 50 }, (_, n) => ["r", `wss://r${n}.example`]);
  expect(profileOf([event(10002, { tags: many })], { allowLoopback: false }).relays).toHaveLength(
    20,
  );
});

test("text is trimmed, cut, and freed of what could mislead a reader", () => {
  expect(metadata({ name: "  Ada \n Lovelace\t", about: " one\ntwo " })).toMatchObject({
    name: "Ada Lovelace",
    about: "one\ntwo",
  });
  expect(metadata({ name: "a\u202eb\u0000c\u200f\ud800d\u001b[31m" }).name).toBe("abcd[31m");
  expect(metadata({ name: "\u202e \u0007" }).name).toBeNull();
  expect(metadata({ name: "x".repeat(5_000) }).name).toHaveLength(100);
  expect(metadata({ about: "x".repeat(5_000) }).about).toHaveLength(2_000);
  expect(metadata({ name: `${"x".repeat(99)}😀` }).name).toBe("x".repeat(99));
  expect(metadata({ name: "👩‍👩‍👧 שלום" }).name).toBe("👩‍👩‍👧 שלום");
  expect(metadata({ display_name: "Shown" }).name).toBe("Shown");
  expect(metadata({ name: " ", display_name: "Shown" }).name).toBe("Shown");
});

test("a picture is at an https address, or on this machine where that is allowed", () => {
  const refused = [
    ...["http://a.example/x.png", "javascript:alert(1)", "data:image/png;base64,AA", "file:///x"],
    ...["ws://localhost/x", "//a.example/x", "x.png", "https://user:word@a.example/", ""],
    ...[7, null, {}, ["https://a.example"], `https://a.example/${"x".repeat(2_000)}`],
  ];
  for (const picture of refused)
    for (const isSandbox of [false, true])
      expect([picture, metadata({ picture }, isSandbox).picture]).toEqual([picture, null]);
  expect(metadata({ picture: " https://a.example/x.png " }).picture).toBe(
    "https://a.example/x.png",
  );
  for (const host of ["localhost:1", "127.0.0.1:1", "[::1]:1"]) {
    const picture = `http://${host}/x.png`;
    expect(metadata({ picture }, false).picture).toBeNull();
    expect(metadata({ picture }, true).picture).toBe(picture);
  }
});

test("a name at a domain is kept as it was claimed, anything else is not one", () => {
  expect(metadata({ nip05: "Ada@a.example" }).nip05).toBe("Ada@a.example");
  for (const nip05 of ["ada", "@a.example", "a b@c.example", "a@<b>", 1, "a@b@c", "a\n@b.c"])
    expect([nip05, metadata({ nip05 }).nip05]).toEqual([nip05, null]);
});

test("whatever anybody publishes, nothing throws and nothing unsafe comes out", () => {
  const content = fc.oneof(
    fc.json(),
    fc.string({ unit: "binary" }),
    fc
      .dictionary(
        fc.constantFrom("name", "about", "picture", "nip05", "display_name"),
        fc.oneof(fc.string({ unit: "binary" }), fc.jsonValue()),
      )
      .map((value) => JSON.stringify(value)),
  );
  const tags = fc.array(
    fc.array(fc.oneof(fc.string(), fc.constantFrom("r", "relay")), { maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.constantFrom(0, 10002, 10050), content, tags, (kind, content, tags) => {
      const { name, about } = profileOf([event(kind, { content, tags })], { allowLoopback: true });
      expect(isSafeText(name ?? "", { lines: false })).toBe(true);
      expect(isSafeText(about ?? "", { lines: true })).toBe(true);
    }),
    { numRuns: 500 },
  );
});
