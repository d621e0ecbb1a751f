import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { type Api, apiClient } from "../../server/sandbox/api.ts";
import { type Sandbox, startSandbox } from "../../server/sandbox/sandbox.ts";
import { keyOf } from "./sandbox-run.ts";

const NO_FAULTS = {
  ...{ wallet: "ok", tenant_wallet: "ok", zooid: "ok", relay: "ok" },
  ...{ wallet_habits: [], tenant_wallet_habits: [] },
};

// Each starts processes, which a busy machine may take seconds for.
setDefaultTimeout(30_000);

let sandbox: Sandbox;
let api: Api;
let anyone: Api;
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, dataDir: null });
  api = apiClient(sandbox.info.url, keyOf(sandbox.info.tenant_nsec));
  anyone = apiClient(sandbox.info.url, null);
});
afterAll(() => sandbox.stop());

type Ordered = { relay: { id: string }; invoice: { id: string; invoice: string } };
type Problem = { code: string; status: number; errors?: { field: string }[] };

let count = 0;
async function bolt11(): Promise<string> {
  const subdomain = `control-${count++}`;
  const { body } = await api.post<Ordered>("/tenant/relays", {
    name: "A relay to pay for",
    subdomain,
    plan: "basic",
  });
  return body.invoice.invoice;
}

/** Expects a problem document with this code, of this field. */
async function refused(answer: Promise<unknown>, status: number, code: string, field?: string) {
  const { body, headers, ...rest } = (await answer) as {
    status: number;
    body: Problem;
    headers: Headers;
  };
  expect(rest.status).toBe(status);
  expect(headers.get("content-type")).toBe("application/problem+json");
  expect(body).toMatchObject({ code, status });
  if (field !== undefined) expect(body.errors?.map((error) => error.field)).toEqual([field]);
}

describe("the control routes", () => {
  const ROUTES = [
    ["GET", "", undefined],
    ["POST", "/clock", '{"advance_seconds":1}'],
    ["POST", "/pay", '{"bolt11":"lnbcrt1"}'],
    ["POST", "/faults", '{"zooid":"down"}'],
  ] as const;
  const send = (method: string, path: string, body: string | undefined, headers: object) =>
    fetch(`${sandbox.info.url}/sandbox${path}`, {
      method,
      headers: { ...(body ? { "content-type": "application/json" } : {}), ...headers },
      ...(body ? { body } : {}),
    });
  /** That the answer is a refusal, and holds no key, no address and no state. */
  async function tellsNothing(response: Response, code: string): Promise<void> {
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ code, status: 403 });
    const { tenant_nsec, admin_nsec, tenant_nwc_url, relay_url } = sandbox.info;
    const all = `${text}${JSON.stringify([...response.headers])}`;
    for (const secret of [tenant_nsec, admin_nsec, tenant_nwc_url, relay_url, "balance"])
      expect(all.includes(secret)).toBe(false);
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  }
  const now = async () => (await anyone.get<{ ahead_seconds: number }>("/sandbox")).body;

  for (const [method, path, body] of ROUTES) {
    test(`refuse a page of another origin: ${method} /sandbox${path}`, async () => {
      const before = await now();
      const { port } = new URL(sandbox.info.url);
      for (const origin of [
        "https://berth.example",
        "http://127.0.0.1",
        `https://127.0.0.1:${port}`,
        `http://localhost:${port}`,
        "null",
        "",
      ]) {
        const response = await send(method, path, body, { origin });
        expect([origin, response.status]).toEqual([origin, 403]);
        await tellsNothing(response, "foreign_origin");
      }
      expect((await now()).ahead_seconds).toBe(before.ahead_seconds);
    });

    test(`refuse a name that somebody pointed at us: ${method} /sandbox${path}`, async () => {
      for (const host of [
        "berth.example",
        "localhost.berth.example",
        "127.0.0.1.berth.example",
        "relay.localhost",
        "10.0.0.1",
      ]) {
        const response = await send(method, path, body, { host });
        expect([host, response.status]).toEqual([host, 403]);
        await tellsNothing(response, "foreign_host");
      }
    });
  }

  for (const [method, path, body] of ROUTES)
    test(`refuse what a script, frame or form of another site asks for: ${method} /sandbox${path}`, async () => {
      const before = await now();
      for (const site of ["cross-site", "same-site", "another"]) {
        const response = await send(method, path, body, { "sec-fetch-site": site });
        expect([site, response.status]).toEqual([site, 403]);
        await tellsNothing(response, "foreign_origin");
      }
      expect((await now()).ahead_seconds).toBe(before.ahead_seconds);
    });

  test("serve their own pages, under either name of this machine", async () => {
    const { port } = new URL(sandbox.info.url);
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`]) {
      const headers = { host, origin: `http://${host}`, "sec-fetch-site": "same-origin" };
      const response = await send("GET", "", undefined, headers);
      expect(response.status).toBe(200);
      expect(response.headers.get("cache-control")).toBe("no-store");
      expect(response.headers.get("cross-origin-resource-policy")).toBe("same-origin");
    }
  });

  test("say the state of all of it, and the keys with which to use it", async () => {
    const { tenant_nsec, admin_nsec, tenant_nwc_url } = sandbox.info;
    expect((await anyone.get("/sandbox")).body).toEqual({
      mode: "sandbox",
      ...{ tenant_nsec, admin_nsec, tenant_nwc_url },
      now: expect.any(Number),
      ahead_seconds: expect.any(Number),
      faults: NO_FAULTS,
      receiving_balance_sats: 0,
      tenant_balance_sats: 10_000_000,
      relays: 0,
      zooid_crashed: null,
      invoices: { issued: 0, paid: 0 },
      relay_domain: sandbox.info.relay_domain,
      zooid_url: sandbox.info.zooid_url,
      relay_url: expect.stringContaining(sandbox.info.relay_url),
      pid: sandbox.pids().berth,
    });
  });
});

describe("POST /sandbox/faults", () => {
  const faults = (body: unknown) => anyone.post<{ faults: object }>("/sandbox/faults", body);

  test("switches what it names and leaves the rest", async () => {
    const { status, body } = await faults({ wallet: "silent", relay: "down" });
    expect(status).toBe(200);
    const expected = { ...NO_FAULTS, wallet: "silent", relay: "down" };
    expect(body.faults).toEqual(expected);
    expect((await faults({ wallet: "ok" })).body.faults).toEqual({ ...expected, wallet: "ok" });
    await faults({ relay: "ok" });
  });

  test("wipes zooid, which is ok after it", async () => {
    expect((await faults({ zooid: "wiped" })).body.faults).toMatchObject({ zooid: "ok" });
  });

  for (const [body, field] of [
    [{ wallet: "broken" }, "wallet"],
    [{ wallet: "empty" }, "wallet"],
    [{ tenant_wallet: null }, "tenant_wallet"],
    [{ zooid: "silent" }, "zooid"],
    [{ relay: 1 }, "relay"],
    [{ internet: "down" }, "internet"],
    [[], "body"],
    ["down", "body"],
  ] as const)
    test(`refuses ${JSON.stringify(body)}, names ${field} and changes nothing`, async () => {
      const before = (await anyone.get<{ faults: object }>("/sandbox")).body.faults;
      await refused(faults(body), 422, "invalid", field);
      expect((await anyone.get<{ faults: object }>("/sandbox")).body.faults).toEqual(before);
    });
});

describe("POST /sandbox/pay", () => {
  const pay = (text: unknown) => anyone.post("/sandbox/pay", { bolt11: text });

  test("pays once, and says so the second time", async () => {
    const text = await bolt11();
    const paid = await pay(text);
    expect(paid).toMatchObject({ status: 200, body: { amount_sats: 10_000 } });
    await refused(pay(text), 409, "already_paid", "bolt11");
  });

  test("refuses what is no bolt11, and one that nobody here issued", async () => {
    await refused(pay("lnbc1"), 422, "malformed", "bolt11");
    await refused(pay(""), 422, "malformed", "bolt11");
    await refused(pay(7), 422, "invalid", "bolt11");
    await refused(pay("x".repeat(5000)), 422, "invalid", "bolt11");
    await refused(anyone.post("/sandbox/pay", {}), 422, "invalid", "bolt11");
    const text = await bolt11();
    const other = await startSandbox({ port: 0, dataDir: null });
    const elsewhere = apiClient(other.info.url, null);
    await refused(elsewhere.post("/sandbox/pay", { bolt11: text }), 404, "unknown", "bolt11");
    await other.stop();
  });

  test("refuses one that has expired", async () => {
    const text = await bolt11();
    await anyone.post("/sandbox/clock", { advance_seconds: 86_460 });
    await refused(pay(text), 409, "expired", "bolt11");
  });
});

describe("POST /sandbox/clock", () => {
  test("answers what time it is then", async () => {
    const { now } = (await anyone.get<{ now: number }>("/sandbox")).body;
    const { status, body } = await anyone.post<{ now: number; complete: boolean }>(
      "/sandbox/clock",
      { advance_seconds: 3_600 },
    );
    expect([status, body.complete]).toEqual([200, true]);
    expect(body.now).toBeGreaterThanOrEqual(now + 3_600);
    expect(body.now).toBeLessThan(now + 3_660);
  });

  for (const seconds of [0, -1, 1.5, 400 * 86_400 + 1, "soon", null, undefined])
    test(`refuses ${String(seconds)} seconds`, async () => {
      const moved = anyone.post("/sandbox/clock", { advance_seconds: seconds });
      await refused(moved, 422, "invalid", "advance_seconds");
    });
});
