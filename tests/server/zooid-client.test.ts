import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { generateSecretKey, getPublicKey } from "nostr-tools/pure";
import { bytesToHex } from "nostr-tools/utils";
import { Refused, Unavailable } from "../../server/errors.ts";
import { signHttpAuth } from "../../server/nostr/keys.ts";
import { startZooid, type Zooid } from "../../server/sandbox/zooid/zooid.ts";
import {
  createZooid,
  NotConfirmed,
  type ZooidClient,
  ZooidConflict,
} from "../../server/zooid/client.ts";
import type { RelayInfo, VirtualRelay } from "../../server/zooid/virtual-relay.ts";
import { type CuttingProxy, startCuttingProxy } from "./cutting-proxy.ts";

const secretKey = generateSecretKey();
const ownerKey = generateSecretKey();
const never = new AbortController().signal;
let zooid: Zooid;
let client: ZooidClient;
let relay: VirtualRelay;
let serial = 0;

beforeEach(async () => {
  zooid = await startZooid({ whitelist: [getPublicKey(secretKey)] });
  client = createZooid({ apiUrl: zooid.url, relayUrl: zooid.url, secretKey, settleMs: 20 });
  relay = newRelay();
});
afterEach(async () => {
  await zooid.stop();
});

function newRelay(changed: Partial<VirtualRelay> = {}): VirtualRelay {
  serial++;
  return {
    id: `r${serial.toString(16).padStart(24, "0")}`,
    host: `frogs${serial}.${zooid.relayDomain}`,
    schema: `frogs${serial}`,
    secret: bytesToHex(generateSecretKey()),
    owner: getPublicKey(ownerKey),
    name: "Frogs",
    description: "A pond.\n\tNo toads.",
    icon: "https://frogs.example/🐸.png",
    blossom: true,
    livekit: null,
    presence: "live",
    ...changed,
  };
}

function infoOf({ name, description, icon }: RelayInfo): RelayInfo {
  return { name, description, icon };
}

async function shownBy(host: string): Promise<Record<string, unknown> | null> {
  const headers = { host, accept: "application/nostr+json" };
  const response = await fetch(zooid.url, { headers });
  return response.status === 200 ? ((await response.json()) as Record<string, unknown>) : null;
}

/** What a host shows once it is served: while zooid loads what was written, for some milliseconds it is not. */
async function servedBy(host: string): Promise<Record<string, unknown>> {
  for (const deadline = Date.now() + 2_000; ; ) {
    const shown = await shownBy(host);
    if (shown) return shown;
    if (Date.now() > deadline) throw new Error(`${host} was never served`);
    await Bun.sleep(2);
  }
}

/** The owner edits the relay itself, behind our back, and sees it done. @see NIP-86 */
async function editAsOwner(field: keyof RelayInfo, value: string): Promise<void> {
  const url = `http://${relay.host}`;
  const body = JSON.stringify({ method: `changerelay${field}`, params: [value] });
  const response = await fetch(zooid.url, {
    method: "POST",
    body,
    headers: {
      host: relay.host,
      "content-type": "application/nostr+json+rpc",
      authorization: signHttpAuth(ownerKey, { url, method: "POST", body }),
    },
  });
  expect(await response.json()).toEqual({ result: true });
  const deadline = Date.now() + 2_000;
  while (((await shownBy(relay.host))?.[field] ?? "") !== value) {
    if (Date.now() > deadline) throw new Error(`${field} never changed`);
    await Bun.sleep(2);
  }
}

/** What the management API was asked and how it answered: "PUT 404". */
function calls(): string[] {
  return zooid.requests.map(({ method, status }) => `${method} ${status}`);
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => expect.unreachable("it succeeded"),
    (error: unknown) => error,
  );
}

describe("applying a relay", () => {
  test("that is new creates it and is done when its own host shows it", async () => {
    const { info } = await client.apply(relay, null, never);
    expect(info).toEqual(infoOf(relay));
    expect(calls()).toEqual(["PUT 404", "POST 201"]);
    expect(await shownBy(relay.host)).toMatchObject({
      ...infoOf(relay),
      pubkey: relay.owner,
      self: getPublicKey(Uint8Array.fromHex(relay.secret)),
    });
  });

  test("again changes nothing else", async () => {
    const first = await client.apply(relay, null, never);
    expect(await client.apply(relay, first.info, never)).toEqual(first);
    expect(calls()).toEqual(["PUT 404", "POST 201", "PUT 200"]);
  });

  test("with other words, another owner or another host takes them over", async () => {
    const { info } = await client.apply(relay, null, never);
    const owner = getPublicKey(generateSecretKey());
    const host = `toads${serial}.${zooid.relayDomain}`;
    const changed = { ...relay, owner, host, name: "Toads", description: "", icon: "" };
    expect((await client.apply(changed, info, never)).info).toEqual(infoOf(changed));
    expect(await shownBy(host)).toMatchObject({ name: "Toads", pubkey: owner });
    expect(await shownBy(relay.host)).toBeNull();
  });

  test("that is inactive makes its host a 404, and live again serves it", async () => {
    const { info } = await client.apply(relay, null, never);
    await client.apply({ ...relay, presence: "inactive" }, info, never);
    expect(await client.look(relay.host, never)).toBe("nothing");
    expect(zooid.relays()).toMatchObject([{ id: relay.id, inactive: true }]);
    await client.apply(relay, info, never);
    expect(await client.look(relay.host, never)).toMatchObject({ owner: relay.owner });
  });

  test("that is absent deletes it, also when it is gone already", async () => {
    await client.apply(relay, null, never);
    const absent: VirtualRelay = { ...relay, presence: "absent" };
    // Read on the way, so that what its owner wrote to it is not forgotten.
    expect(await client.apply(absent, infoOf(relay), never)).toEqual({ info: infoOf(relay) });
    expect(zooid.relays()).toEqual([]);
    expect(await client.apply(absent, null, never)).toEqual({ info: null });
    expect(calls().slice(2)).toEqual(["DELETE 200", "DELETE 404"]);
  });

  test("that is absent is done though somebody else has its host now", async () => {
    await client.apply(relay, null, never);
    zooid.wipe();
    const heir = newRelay({ host: relay.host });
    await client.apply(heir, null, never);
    await client.apply({ ...relay, presence: "absent" }, null, never);
    expect(zooid.relays()).toMatchObject([{ id: heir.id }]);
  });

  test("that came back has the same key, so the same members and events", async () => {
    await client.apply(relay, null, never);
    const before = await shownBy(relay.host);
    await client.apply({ ...relay, presence: "absent" }, null, never);
    await client.apply(relay, null, never);
    expect(await shownBy(relay.host)).toEqual(before);
  });

  test("waits for a zooid that takes its time, until it shows", async () => {
    await zooid.stop();
    zooid = await startZooid({ whitelist: [getPublicKey(secretKey)], liveDelayMs: 250 });
    client = createZooid({ apiUrl: zooid.url, relayUrl: zooid.url, secretKey, settleMs: 20 });
    relay = newRelay();
    await client.apply(relay, null, never);
    expect(await client.look(relay.host, never)).toMatchObject({ owner: relay.owner });
  });

  test("that zooid took but does not show in time is not confirmed", async () => {
    await zooid.stop();
    zooid = await startZooid({ whitelist: [getPublicKey(secretKey)], liveDelayMs: 60_000 });
    client = createZooid({ apiUrl: zooid.url, relayUrl: zooid.url, secretKey, confirmMs: 120 });
    const failure = await failureOf(client.apply(newRelay(), null, never));
    expect(failure).toBeInstanceOf(NotConfirmed);
    expect(failure).toMatchObject({ code: "zooid_not_live" });
  });

  test("that could kill zooid sends nothing at all", async () => {
    for (const unsafe of [{ owner: "" }, { schema: "a-b" }, { name: "\0" }, { id: "../x" }]) {
      expect(await failureOf(client.apply({ ...relay, ...unsafe }, null, never))).toBeInstanceOf(
        Refused,
      );
    }
    const hidden = { ...relay, host: new URL(zooid.url).host };
    expect(await failureOf(client.apply(hidden, null, never))).toMatchObject({
      code: "zooid_unsafe_host",
    });
    expect(zooid.requests).toEqual([]);
    expect(zooid.crashed).toBeNull();
  });
});

describe("what the owner changed over NIP-86", () => {
  test("survives where we want no change of it, and is returned", async () => {
    const { info } = await client.apply(relay, null, never);
    await editAsOwner("name", "Lake");
    await editAsOwner("icon", "");
    const edited = { ...relay, description: "Deep." };
    const applied = await client.apply(edited, info, never);
    expect(applied.info).toEqual({ name: "Lake", description: "Deep.", icon: "" });
    expect(await servedBy(relay.host)).toMatchObject({ name: "Lake", description: "Deep." });
    expect(await shownBy(relay.host)).not.toHaveProperty("icon");
  });

  test("gives way to what we want changed ourselves", async () => {
    const { info } = await client.apply(relay, null, never);
    await editAsOwner("name", "Lake");
    const applied = await client.apply({ ...relay, name: "River" }, info, never);
    expect(applied.info?.name).toBe("River");
    expect(await servedBy(relay.host)).toMatchObject({ name: "River" });
  });

  test("survives the relay being made inactive", async () => {
    const { info } = await client.apply(relay, null, never);
    await editAsOwner("description", "Frozen.");
    const inactive = await client.apply({ ...relay, presence: "inactive" }, info, never);
    expect(inactive.info?.description).toBe("Frozen.");
  });

  test("is fitted to what may be sent, so that it cannot block the relay", async () => {
    const { info } = await client.apply(relay, null, never);
    await editAsOwner("name", `Lake\n\x1b${"x".repeat(400)}`);
    const applied = await client.apply({ ...relay, description: "Deep." }, info, never);
    expect(applied.info?.name).toMatch(/^Lakex+$/);
    expect(await servedBy(relay.host)).toMatchObject({
      name: applied.info?.name,
      description: "Deep.",
    });
  });

  test("survives a rename, at whose new host it could not be read", async () => {
    const { info } = await client.apply(relay, null, never);
    await editAsOwner("name", "Lake");
    const renamed = { ...relay, host: `lakes${serial}.${zooid.relayDomain}` };
    expect((await client.apply(renamed, info, never)).info?.name).toBe("Lake");
    expect(await servedBy(renamed.host)).toMatchObject({ name: "Lake" });
    expect(await shownBy(relay.host)).toBeNull();
  });

  test("survives being switched off and on, and deleted and made again", async () => {
    let { info } = await client.apply(relay, null, never);
    let { name } = relay;
    for (const presence of ["inactive", "absent"] as const) {
      await editAsOwner("name", `Lake ${presence}`);
      ({ info } = await client.apply({ ...relay, name, presence }, info, never));
      expect(info?.name).toBe(`Lake ${presence}`);
      name = info?.name ?? "";
      ({ info } = await client.apply({ ...relay, name }, info, never));
      expect(await servedBy(relay.host)).toMatchObject({ name: `Lake ${presence}` });
    }
  });

  test("is not taken from another relay at the same host", async () => {
    const { info } = await client.apply(relay, null, never);
    zooid.wipe();
    const stranger = newRelay({ host: relay.host, name: "Stranger" });
    await client.apply(stranger, null, never);
    const failure = await failureOf(client.apply(relay, info, never));
    expect(failure).toMatchObject({ code: "zooid_host_conflict" });
    await client.apply({ ...stranger, presence: "absent" }, null, never);
    expect((await client.apply(relay, info, never)).info?.name).toBe("Frogs");
  });
});

describe("a zooid that refuses", () => {
  test("a schema or host of another relay is a conflict worth retrying", async () => {
    await client.apply(relay, null, never);
    const sameSchema = await failureOf(
      client.apply(newRelay({ schema: relay.schema }), null, never),
    );
    const sameHost = await failureOf(client.apply(newRelay({ host: relay.host }), null, never));
    for (const failure of [sameSchema, sameHost]) {
      expect(failure).toBeInstanceOf(ZooidConflict);
      expect(failure).not.toBeInstanceOf(Refused);
    }
    expect(sameSchema).toMatchObject({ code: "zooid_schema_conflict" });
    expect(sameHost).toMatchObject({ code: "zooid_host_conflict" });
  });

  test("us, or has its API switched off, is unavailable and deletes nothing", async () => {
    await client.apply(relay, null, never);
    const stranger = createZooid({
      apiUrl: zooid.url,
      relayUrl: zooid.url,
      secretKey: generateSecretKey(),
    });
    expect(await failureOf(stranger.apply(relay, null, never))).toMatchObject({
      name: "Unavailable",
      code: "zooid_forbidden",
    });
    const closed = await startZooid({ whitelist: [] });
    const noApi = createZooid({ apiUrl: closed.url, relayUrl: closed.url, secretKey });
    for (const presence of ["live", "absent"] as const) {
      const failure = await failureOf(noApi.apply(newRelay({ presence }), null, never));
      expect(failure).toMatchObject({ name: "Unavailable" });
    }
    await closed.stop();
  });

  test("the config does not get its words, which can hold the secret, into ours", async () => {
    const answer = (status: number, body: string) =>
      Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response(body, { status }) });
    const hostile = answer(400, JSON.stringify({ error: `invalid secret key: ${relay.secret}` }));
    const url = `http://127.0.0.1:${hostile.port}`;
    const failure = await failureOf(
      createZooid({ apiUrl: url, relayUrl: url, secretKey }).apply(relay, null, never),
    );
    expect(failure).toBeInstanceOf(Refused);
    expect(failure).toMatchObject({ code: "zooid_refused_config" });
    expect(Bun.inspect(failure)).not.toContain(relay.secret);
    await hostile.stop(true);
  });

  test("with nonsense, a redirect or an endless answer is unavailable", async () => {
    let redirected = 0;
    const endless = () =>
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(32_768).fill(0x20)),
      });
    const answers = [
      () => new Response("<html>", { status: 502 }),
      () => new Response(null, { status: 307, headers: { location: "/elsewhere" } }),
      () => new Response(JSON.stringify({ error: "surprise" }), { status: 409 }),
      () =>
        new Response(JSON.stringify({ error: "failed to read config directory: x" }), {
          status: 409,
        }),
      () => new Response("Not Found\n", { status: 404 }),
      () => new Response(JSON.stringify({ error: "not found" }), { status: 404 }),
      () => new Response(endless(), { status: 200 }),
    ];
    for (const answer of answers) {
      const server = Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        fetch(request) {
          if (request.url.endsWith("/elsewhere")) redirected++;
          return answer();
        },
      });
      const url = `http://127.0.0.1:${server.port}`;
      const odd = createZooid({ apiUrl: url, relayUrl: url, secretKey, confirmMs: 100 });
      for (const presence of ["live", "absent"] as const) {
        expect(await failureOf(odd.apply({ ...relay, presence }, null, never))).toMatchObject({
          name: "Unavailable",
          code: expect.stringMatching(/^zooid_(down|api_off)$/),
        });
      }
      await server.stop(true);
    }
    expect(redirected).toBe(0);
  });
});

describe("a POST whose answer is lost", () => {
  let proxy: CuttingProxy;
  beforeEach(async () => {
    proxy = startCuttingProxy(Number(new URL(zooid.url).port));
    client = createZooid({
      apiUrl: zooid.url,
      relayUrl: zooid.url,
      secretKey,
      timeoutMs: 300,
      confirmMs: 100,
      fetch: proxy.fetch,
    });
  });
  afterEach(() => proxy.stop());

  test("though zooid took it is looked for, and not sent again", async () => {
    proxy.cut("POST", "answer");
    await client.apply(relay, null, never);
    expect(calls()).toEqual(["PUT 404", "POST 201"]);
    expect(zooid.relays()).toHaveLength(1);
  });

  test("by a timeout ends the same way", async () => {
    proxy.cut("POST", "silence");
    await client.apply(relay, null, never);
    expect(calls()).toEqual(["PUT 404", "POST 201"]);
  });

  test("and that never arrived is sent again", async () => {
    proxy.cut("POST", "request");
    await client.apply(relay, null, never);
    expect(calls()).toEqual(["PUT 404", "PUT 404", "POST 201"]);
    expect(zooid.relays()).toHaveLength(1);
  });

  test("because another POST of ours came first is settled by a PUT", async () => {
    const both = await Promise.all([
      client.apply(relay, null, never),
      client.apply(relay, null, never),
    ]);
    expect(both.map(({ info }) => info?.name)).toEqual(["Frogs", "Frogs"]);
    expect(zooid.relays()).toHaveLength(1);
  });
});

describe("a zooid that is down", () => {
  test("is unavailable for every call, and heals", async () => {
    await client.apply(relay, null, never);
    zooid.setMode("down");
    const changed = { ...relay, name: "Toads" };
    for (const work of [
      () => client.apply(changed, infoOf(relay), never),
      () => client.apply({ ...relay, presence: "absent" }, null, never),
      () => client.apply(newRelay(), null, never),
      () => client.look(relay.host, never),
    ]) {
      expect(await failureOf(work())).toMatchObject({ name: "Unavailable", code: "zooid_down" });
    }
    zooid.setMode("ok");
    expect((await client.apply(changed, infoOf(relay), never)).info?.name).toBe("Toads");
  });

  test("or silent is given up at the caller's own deadline", async () => {
    const silent = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => new Promise<Response>(() => {}),
    });
    const url = `http://127.0.0.1:${silent.port}`;
    const stuck = createZooid({ apiUrl: url, relayUrl: url, secretKey, timeoutMs: 60_000 });
    const failure = await failureOf(stuck.apply(relay, null, AbortSignal.timeout(50)));
    expect(failure).toBeInstanceOf(Unavailable);
    await silent.stop(true);
  });
});
