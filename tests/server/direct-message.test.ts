import { describe, expect, test } from "bun:test";
import type { Event } from "nostr-tools/core";
import * as nip44 from "nostr-tools/nip44";
import { unwrapEvent } from "nostr-tools/nip59";
import { getEventHash, verifyEvent } from "nostr-tools/pure";
import { composeMessage, type Rumor, wrapMessage } from "../../server/nostr/direct-message.ts";
import { messageTo, nowSeconds, person, platform, platformKey } from "./direct-message-fixture.ts";

const twoDaysSeconds = 2 * 24 * 60 * 60;

describe("a message", () => {
  test("is an unsigned kind 14 of the platform, with its real date", () => {
    const { pubkey } = person();
    const rumor = composeMessage(platformKey, {
      to: pubkey,
      text: "Hello.",
      subject: "Greeting",
      createdAt: 1_795_000_000_999,
    });
    expect(rumor).toEqual({
      kind: 14,
      pubkey: platform,
      created_at: 1_795_000_000,
      tags: [
        ["p", pubkey],
        ["subject", "Greeting"],
      ],
      content: "Hello.",
      id: getEventHash(rumor),
    });
    const plain = composeMessage(platformKey, { to: pubkey, text: "Hello.", createdAt: 0 });
    expect(plain.tags).toEqual([["p", pubkey]]);
  });

  test("of the greatest length can be wrapped, and a longer one not be written", () => {
    const someone = person();
    const text = '"'.repeat(16_000); // each takes two bytes in JSON
    const wrap = wrapMessage(messageTo(someone, text), platformKey);
    expect(unwrapEvent(wrap, someone.secretKey).content).toBe(text);
    expect(() => messageTo(someone, '"'.repeat(17_000))).toThrow(RangeError);
  });

  test("to several people is not wrapped: each would get it in a wrap of their own", () => {
    const rumor = messageTo(person());
    const shared = { ...rumor, tags: [...rumor.tags, ["p", person().pubkey]] };
    expect(() => wrapMessage(shared, platformKey)).toThrow(RangeError);
    expect(() => wrapMessage({ ...rumor, tags: [] }, platformKey)).toThrow(RangeError);
  });

  test("is wrapped in the layers of NIP-59, as the recipient sees them", () => {
    const someone = person();
    const stored: Rumor = JSON.parse(JSON.stringify(messageTo(someone)));
    const wrap: Event = JSON.parse(JSON.stringify(wrapMessage(stored, platformKey)));
    const opened = (event: Event) =>
      nip44.decrypt(event.content, nip44.getConversationKey(someone.secretKey, event.pubkey));

    expect(wrap).toMatchObject({ kind: 1059, tags: [["p", someone.pubkey]] });
    expect(verifyEvent(wrap)).toBe(true);
    expect(wrap.pubkey).not.toBe(platform);

    const seal: Event = JSON.parse(opened(wrap));
    expect(seal).toMatchObject({ kind: 13, pubkey: platform, tags: [] });
    expect(verifyEvent(seal)).toBe(true);

    const rumor = JSON.parse(opened(seal));
    expect(rumor).toEqual(stored);
    expect(rumor).not.toHaveProperty("sig");
  });

  test("is dated at random within two days back on the outside, each wrap by a key of its own", () => {
    const someone = person();
    const rumor = messageTo(someone);
    const wraps = Array.from({ length: 12 }, () => wrapMessage(rumor, platformKey));
    const seals = wraps.map((wrap) => {
      const key = nip44.getConversationKey(someone.secretKey, wrap.pubkey);
      return JSON.parse(nip44.decrypt(wrap.content, key)) as Event;
    });
    for (const { created_at } of [...wraps, ...seals]) {
      expect(created_at).toBeLessThanOrEqual(nowSeconds() + 1);
      expect(created_at).toBeGreaterThanOrEqual(nowSeconds() - twoDaysSeconds - 1);
    }
    expect(new Set(wraps.map(({ created_at }) => created_at)).size).toBeGreaterThan(6);
    expect(new Set(seals.map(({ created_at }) => created_at)).size).toBeGreaterThan(6);
    expect(new Set(wraps.map(({ pubkey }) => pubkey)).size).toBe(12);
  });
});
