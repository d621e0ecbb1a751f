/** What a real zooid was seen to do: odd answers of one host, slow and lost calls, a config that kills it. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { generateSecretKey, getPublicKey } from "nostr-tools/pure";
import { bytesToHex } from "nostr-tools/utils";
import { Killed } from "../../server/errors.ts";
import { signHttpAuth } from "../../server/nostr/keys.ts";
import { startZooid, type Zooid } from "../../server/sandbox/zooid/zooid.ts";
import { createZooid, NotConfirmed, type ZooidOptions } from "../../server/zooid/client.ts";
import { Pulse } from "../../server/zooid/pulse.ts";
import type { VirtualRelay } from "../../server/zooid/virtual-relay.ts";

const secretKey = generateSecretKey();
const ownerKey = generateSecretKey();
const never = new AbortController().signal;
let zooid: Zooid;
let pulse: Pulse;
let serial = 0;

beforeEach(async () => {
  zooid = await startZooid({ whitelist: [getPublicKey(secretKey)] });
  pulse = new Pulse(Date.now);
});
afterEach(() => zooid.stop());

type Fetch = (input: string, init: RequestInit) => Promise<Response>;

/** A client whose requests go through `pass`, or straight. */
function clientOf(pass: Fetch = fetch, options: Partial<ZooidOptions> = {}) {
  const through = (input: string | URL | Request, init?: RequestInit) =>
    pass(String(input), init ?? {});
  return createZooid({
    apiUrl: zooid.url,
    relayUrl: zooid.url,
    secretKey,
    pulse,
    confirmMs: 300,
    settleMs: 20,
    timeoutMs: 200,
    fetch: Object.assign(through, { preconnect: fetch.preconnect }),
    ...options,
  });
}

const hostOf = (init: RequestInit) => new Headers(init.headers).get("host");

function newRelay(changed: Partial<VirtualRelay> = {}): VirtualRelay {
  serial++;
  return {
    id: `r${serial.toString(16).padStart(24, "0")}`,
    host: `frogs${serial}.${zooid.relayDomain}`,
    schema: `frogs${serial}`,
    secret: bytesToHex(generateSecretKey()),
    owner: getPublicKey(ownerKey),
    ...{ name: "Frogs", description: "", icon: "" },
    blossom: true,
    livekit: null,
    presence: "live",
    ...changed,
  };
}

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.unreachable("it succeeded"),
    (error: unknown) => error,
  );

const writes = () => zooid.requests.map(({ method, status }) => `${method} ${status}`);

describe("an odd answer of one host", () => {
  type OddAnswer = (signal: AbortSignal) => Response | Promise<Response>;
  const silence: OddAnswer = (signal) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const answers: [string, OddAnswer][] = [
    ["longer than anybody reads", () => Response.json({ name: "x".repeat(100_000) })],
    ["no JSON", () => new Response("<html>")],
    ["no document", () => Response.json([1, 2])],
    ["an error", () => new Response("oops", { status: 500 })],
    ["a redirect", () => new Response(null, { status: 302, headers: { location: "/x" } })],
    ["a refusal", () => new Response("no", { status: 403 })],
    ["silence", silence],
  ];
  /** That host answers oddly, until its relay is no longer served. */
  const oddAt =
    (relay: VirtualRelay, answer: OddAnswer): Fetch =>
    async (input, init) => {
      const response = await fetch(input, init);
      const isOdd = init.method === "GET" && hostOf(init) === relay.host && response.status === 200;
      return isOdd ? await answer(init.signal ?? never) : response;
    };

  test.each(answers)("%s: concerns that relay alone", async (_, answer) => {
    const [odd, fine] = [newRelay(), newRelay()];
    await clientOf().apply(odd, null, never);
    const client = clientOf(oddAt(odd, answer));
    expect(await client.look(odd.host, never)).toBe("odd");
    const failure = await failureOf(client.apply({ ...odd, name: "Toads" }, odd, never));
    expect(failure).toBeInstanceOf(NotConfirmed);
    await client.apply(fine, null, never);
    expect(pulse.outage()).toBeNull();
    expect(pulse.troubleOf(odd.id, true)).toMatchObject({ code: "zooid_not_live" });
    expect(pulse.troubleOf(fine.id, true)).toBeNull();
  });

  test.each(["inactive", "absent"] as const)(
    "does not keep it from becoming %s, nor does silence",
    async (presence) => {
      for (const answer of [() => Response.json({ name: "x".repeat(100_000) }), silence]) {
        const odd = newRelay();
        const { info } = await clientOf().apply(odd, null, never);
        await clientOf(oddAt(odd, answer)).apply({ ...odd, presence }, info, never);
        expect(await clientOf().look(odd.host, never)).toBe("nothing");
      }
    },
  );

  test("ends when its words are written again", async () => {
    const relay = newRelay();
    const client = clientOf();
    const { info } = await client.apply(relay, null, never);
    const url = `http://${relay.host}`;
    const body = JSON.stringify({ method: "changerelayname", params: ["x".repeat(70_000)] });
    await fetch(zooid.url, {
      ...{ method: "POST", body },
      headers: {
        host: relay.host,
        "content-type": "application/nostr+json+rpc",
        authorization: signHttpAuth(ownerKey, { url, method: "POST", body }),
      },
    });
    const deadline = Date.now() + 2_000;
    while ((await client.look(relay.host, never)) !== "odd")
      if (Date.now() > deadline) throw new Error("it never became odd");
    expect((await client.apply(relay, info, never)).info?.name).toBe("Frogs");
    expect(await client.look(relay.host, never)).toMatchObject({ info: { name: "Frogs" } });
  });
});

describe("an API that is slower than anybody waits", () => {
  test("is looked at before it is written to again: one edit is one write", async () => {
    const relay = newRelay();
    const { info } = await clientOf().apply(relay, null, never);
    const slow: Fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (init.method !== "GET") await Bun.sleep(1_000);
      init.signal?.throwIfAborted();
      return response;
    };
    const before = writes().length;
    await clientOf(slow).apply({ ...relay, name: "Toads" }, info, never);
    expect(writes().slice(before)).toEqual(["PUT 200"]);
  });

  test("takes what it was sent minutes ago for done once that shows, and is left alone till then", async () => {
    const relay = newRelay();
    const { info } = await clientOf().apply(relay, null, never);
    let letThrough = () => {};
    const held = new Promise<void>((resolve) => {
      letThrough = resolve;
    });
    let sent = 0;
    const stuck: Fetch = async (input, init) => {
      if (init.method === "GET") return await fetch(input, init);
      sent++;
      // It arrives, only later; who asked has given up by then.
      const { signal, ...rest } = init;
      void held.then(() => fetch(input, rest));
      await new Promise((_, reject) =>
        signal?.addEventListener("abort", () => reject(signal.reason)),
      );
      throw new Error("unreachable");
    };
    const client = clientOf(stuck);
    const edited = { ...relay, name: "Toads" };
    expect(await failureOf(client.apply(edited, info, never))).toBeInstanceOf(NotConfirmed);
    const tries = sent;
    expect(await failureOf(client.apply(edited, info, never))).toBeInstanceOf(NotConfirmed);
    expect(sent).toBe(tries);
    letThrough();
    const deadline = Date.now() + 2_000;
    const isThere = async () => {
      const shown = await client.look(relay.host, never);
      return typeof shown === "object" && shown.info.name === "Toads";
    };
    while (!(await isThere())) if (Date.now() > deadline) throw new Error("it never came");
    await client.apply(edited, info, never);
    expect(sent).toBe(tries);
  });
});

test("of connections that the other side forgot, one time-out is enough", async () => {
  const halfOpen = Bun.listen<{ requests: number }>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.data = { requests: 0 };
      },
      data(socket) {
        if (++socket.data.requests > 1) return;
        const body = '{"self":"a"}';
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
      },
    },
  });
  const url = `http://127.0.0.1:${halfOpen.port}`;
  const client = clientOf(fetch, { apiUrl: url, relayUrl: url });
  const look = (n: number) => client.look(`a${n}.test`, never);
  await Promise.all(Array.from({ length: 8 }, (_, n) => look(n)));
  const startedAt = performance.now();
  for (let n = 0; n < 8; n++) expect(await look(n)).toMatchObject({ self: "a" });
  expect(performance.now() - startedAt).toBeLessThan(2 * 200);
  expect(pulse.outage()).toBeNull();
  halfOpen.stop(true);
});

describe("a config that kills zooid", () => {
  /** Lets a schema pass that the last door refuses. */
  const deadly: Fetch = (input, init) => {
    const document = typeof init.body === "string" ? JSON.parse(init.body) : null;
    if (document?.schema !== "deadly") return fetch(input, init);
    return fetch(input, { ...init, body: JSON.stringify({ ...document, schema: "sqlite" }) });
  };
  /** What an operator does: the file is gone, and zooid is started. */
  const mend = () => {
    zooid.wipe();
    zooid.setMode("ok");
  };

  test("is told apart from a zooid that was down before", async () => {
    const client = clientOf(deadly);
    zooid.setMode("down");
    const down = await failureOf(client.apply(newRelay({ schema: "deadly" }), null, never));
    expect(down).not.toBeInstanceOf(Killed);
    zooid.setMode("ok");
    const killed = await failureOf(client.apply(newRelay({ schema: "deadly" }), null, never));
    expect(killed).toBeInstanceOf(Killed);
    expect(killed).toMatchObject({ code: "zooid_died" });
    expect(zooid.crashed).toContain("sqlite");
    expect(pulse.outage()).toMatchObject({ code: "zooid_down" });
  });

  test("is written alone from then on, so that nobody else gets the blame", async () => {
    const client = clientOf(deadly);
    const [killer, innocent] = [newRelay({ schema: "deadly" }), newRelay()];
    const together = await Promise.allSettled([
      client.apply(killer, null, never),
      client.apply(innocent, null, never),
    ]);
    expect(together[0]).toMatchObject({ status: "rejected", reason: expect.any(Killed) });
    mend();
    const apart = await Promise.allSettled([
      client.apply(innocent, null, never),
      client.apply(killer, null, never),
    ]);
    expect(apart).toMatchObject([
      { status: "fulfilled" },
      { status: "rejected", reason: expect.any(Killed) },
    ]);
  });

  test("can be taken away", async () => {
    const client = clientOf(deadly);
    const killer = newRelay({ schema: "deadly" });
    expect(await failureOf(client.apply(killer, null, never))).toBeInstanceOf(Killed);
    mend();
    await client.apply({ ...killer, presence: "absent" }, null, never);
    expect(zooid.crashed).toBeNull();
  });
});
