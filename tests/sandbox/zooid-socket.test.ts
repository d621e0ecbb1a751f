import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { startZooid, type Zooid } from "../../server/sandbox/zooid/zooid.ts";
import {
  configOf,
  eventually,
  informationOf,
  type Key,
  manage,
  newKey,
  newMember,
  nowSeconds,
  patchUntilLive,
  signed,
} from "./zooid-client.ts";
import { RelaySocket } from "./zooid-socket.ts";

const admin = newKey();
const owner = newKey();
const relay = newKey();
const stranger = newKey();
const HOST = "a.test";
let zooid: Zooid;

beforeEach(async () => {
  zooid = await startZooid({ whitelist: [admin.pubkey], liveDelayMs: 1 });
  await manage(zooid, admin, "POST", "/relay/a", configOf("a", owner, relay));
  await eventually(async () => (await informationOf(zooid, HOST)) !== null);
});
afterEach(() => zooid.stop());

describe("authentication", () => {
  test("the first message is a challenge", async () => {
    const socket = await RelaySocket.open(zooid, HOST);
    let count = 0;
    const first = await socket.take(() => ++count > 0);
    expect(first[0]).toBe("AUTH");
  });

  test("reading and writing need it", async () => {
    const socket = await RelaySocket.open(zooid, HOST);
    const text = "auth-required: authentication is required for access";
    expect(await socket.request({})).toBe(text);
    expect(await socket.publish(signed(owner, 1))).toEqual([false, text]);
  });

  test("the relay's URL must be the one it takes for its own", async () => {
    const socket = await RelaySocket.open(zooid, HOST);
    expect(await socket.authenticate(owner, `ws://${HOST}`)).toEqual([
      false,
      `error: failed to authenticate: expected relay URL 'wss://${HOST}', got 'ws://${HOST}'`,
    ]);
    const slash = await RelaySocket.open(zooid, HOST);
    expect(await slash.authenticate(owner, `wss://${HOST}/`)).toEqual([true, ""]);
  });

  test("another challenge, an old event and a forged signature are refused", async () => {
    const socket = await RelaySocket.open(zooid, HOST);
    const [, challenge] = await socket.take(([type]) => type === "AUTH");
    const tags = [
      ["relay", `wss://${HOST}`],
      ["challenge", String(challenge)],
    ];
    const other = [tags[0]!, ["challenge", "other"]];
    const right = signed(owner, 22242, { tags });
    for (const event of [
      signed(owner, 22242, { tags: other }),
      signed(owner, 22242, { tags, created_at: nowSeconds() - 700 }),
      signed(owner, 1, { tags }),
      { ...right, sig: "0".repeat(128) },
    ]) {
      socket.send(["AUTH", event]);
      const [, , accepted] = await socket.take(([type]) => type === "OK");
      expect(accepted).toBe(false);
    }
    socket.send(["AUTH", right]);
    expect((await socket.take(([type]) => type === "OK"))[2]).toBe(true);
  });
});

describe("reading and writing", () => {
  test("a stranger neither reads nor writes", async () => {
    const socket = await RelaySocket.as(stranger, zooid, HOST);
    const text = "restricted: you are not a member of this relay";
    expect(await socket.request({})).toBe(text);
    expect(await socket.publish(signed(stranger, 1))).toEqual([false, text]);
  });

  test("counting is not supported", async () => {
    const socket = await RelaySocket.as(owner, zooid, HOST);
    socket.send(["COUNT", "c", {}]);
    expect(await socket.take(([type]) => type === "CLOSED")).toEqual([
      "CLOSED",
      "c",
      "unsupported: this relay does not support NIP-45",
    ]);
  });

  test("a member publishes, reads back and gets what others publish", async () => {
    const member = await newMember(zooid, owner, HOST);
    const [mine, theirs] = [
      await RelaySocket.as(owner, zooid, HOST),
      await RelaySocket.as(member, zooid, HOST),
    ];
    expect(await mine.request({ kinds: [1] }, "live")).toEqual([]);
    const note = signed(member, 1, { content: "hello" });
    expect(await theirs.publish(note)).toEqual([true, ""]);
    expect(await mine.live("live")).toEqual(note);
    expect(await mine.request({ authors: [member.pubkey], kinds: [1] })).toEqual([note]);
    expect(await theirs.publish(note)).toEqual([true, ""]);
  });

  test("a closed subscription stays silent", async () => {
    const socket = await RelaySocket.as(owner, zooid, HOST);
    await socket.request({ kinds: [1] }, "closed");
    await socket.request({ kinds: [1] }, "open");
    socket.send(["CLOSE", "closed"]);
    await socket.publish(signed(owner, 1));
    await socket.live("open");
    await expect(
      Promise.race([socket.live("closed"), Bun.sleep(20).then(() => "silent")]),
    ).resolves.toBe("silent");
  });

  test("what is not signed by its author is refused", async () => {
    const socket = await RelaySocket.as(owner, zooid, HOST);
    const event = signed(owner, 1);
    const [, wrongId] = await socket.publish({ ...event, content: "changed" });
    expect(wrongId).toStartWith("invalid: ");
    const [, wrongSignature] = await socket.publish({ ...event, sig: "0".repeat(128) });
    expect(wrongSignature).toStartWith("invalid: ");
    expect(await socket.publish(signed(stranger, 1))).toEqual([
      false,
      "restricted: you cannot publish events on behalf of others",
    ]);
  });

  test("the later version of a replaceable event stays, whatever comes last", async () => {
    const socket = await RelaySocket.as(owner, zooid, HOST);
    const later = signed(owner, 0, { content: "later" });
    const earlier = signed(owner, 0, { created_at: later.created_at - 10 });
    await socket.publish(later);
    await socket.publish(earlier);
    expect(await socket.request({ kinds: [0] })).toEqual([later]);
  });

  test("authors delete what they wrote and nothing else", async () => {
    const member = await newMember(zooid, owner, HOST);
    const socket = await RelaySocket.as(owner, zooid, HOST);
    const other = await RelaySocket.as(member, zooid, HOST);
    const [mine, theirs] = [signed(owner, 1), signed(member, 1)];
    await socket.publish(mine);
    await other.publish(theirs);
    const tags = [
      ["e", mine.id],
      ["e", theirs.id],
    ];
    await socket.publish(signed(owner, 5, { tags }));
    expect(await socket.request({ kinds: [1] })).toEqual([theirs]);
  });

  test("a gift wrap from anyone reaches a member", async () => {
    const socket = await RelaySocket.as(stranger, zooid, HOST);
    const wrap = (recipient: Key) => signed(newKey(), 1059, { tags: [["p", recipient.pubkey]] });
    expect(await socket.publish(wrap(owner))).toEqual([true, ""]);
    expect((await socket.publish(wrap(stranger)))[0]).toBe(false);
  });

  test("kinds the relay signs are not accepted, even from its own key", async () => {
    const socket = await RelaySocket.as(relay, zooid, HOST);
    expect(await socket.publish(signed(relay, 13534))).toEqual([
      false,
      "invalid: this event's kind is not accepted",
    ]);
  });

  test("stripped signatures are seen by those who do not manage", async () => {
    await patchUntilLive(zooid, admin, HOST, { policy: { strip_signatures: true } });
    const member = await newMember(zooid, owner, HOST);
    const mine = await RelaySocket.as(owner, zooid, HOST);
    const note = signed(owner, 1);
    await mine.publish(note);
    const theirs = await RelaySocket.as(member, zooid, HOST);
    expect(await mine.request({ kinds: [1] })).toEqual([note]);
    const { sig: _, ...stripped } = note;
    expect(await theirs.request({ kinds: [1] })).toStrictEqual([stripped as typeof note]);
  });
});
