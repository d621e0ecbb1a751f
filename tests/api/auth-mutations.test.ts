import { afterAll, beforeAll, expect, setDefaultTimeout, setSystemTime, test } from "bun:test";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import type { AuthRequest } from "../../server/nostr/nip98.ts";
import { mutations } from "../server/nip98-mutations.ts";
import { honest, honestHeader, nowSeconds, publicUrl } from "../server/nip98-requests.ts";
import { type Fixture, startFixture } from "./berth-fixture.ts";
import { sendRaw } from "./raw-http.ts";

setDefaultTimeout(30_000);

const seed = Number(process.env.SEED ?? randomBytes(4).readInt32BE());
console.log(`auth mutations: seed ${seed}`);

let fixture: Fixture;
beforeAll(async () => {
  // The requests are dated from a fixed now, and Berth judges them by the system's time.
  setSystemTime(new Date(nowSeconds * 1000));
  fixture = await startFixture({ env: () => ({ PUBLIC_URL: publicUrl }) });
});
afterAll(async () => {
  await fixture.stop();
  setSystemTime();
});

const send = ({ method, target, authorization, body }: AuthRequest) =>
  sendRaw(fixture.url, {
    method,
    target,
    body,
    headers: {
      host: "berth.example",
      "content-type": "application/json",
      ...(authorization === null ? {} : { authorization }),
    },
  });

const isNowhere = (body: string): boolean => JSON.parse(body).code === "not_found";

const runsOfEach = 11;
const samples = Object.entries(mutations).map(([name, mutation], index) => ({
  name,
  mutation,
  bases: fc.sample(honest, { seed: seed + index, numRuns: runsOfEach }),
}));

test(`of ${samples.length * runsOfEach} mutated requests over HTTP none is accepted`, async () => {
  expect(samples.length * runsOfEach).toBeGreaterThan(1_000);
  const byStatus = new Map<number, number>();
  for (const { name, mutation, bases } of samples)
    for (const base of bases) {
      const { status, body } = await send(mutation.apply(base));
      byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
      // Some are no proper HTTP request, or led to where nothing is: nobody looks at their token.
      const isRefused = [400, 401].includes(status) || (status === 404 && isNowhere(body));
      expect([name, status, body, isRefused]).toEqual([name, status, body, true]);
    }
  console.log("auth mutations: by status", Object.fromEntries(byStatus));
  expect(byStatus.get(401)).toBeGreaterThan(1_000);
  expect(fixture.rows("SELECT * FROM tenants")).toEqual([]);
});

test("the honest requests that they were made of pass, once", async () => {
  for (const { bases } of samples)
    for (const base of bases.slice(0, 1)) {
      const request = { ...base.request, authorization: honestHeader(base) };
      expect([200, 400, 404, 422]).toContain((await send(request)).status);
      expect((await send(request)).status).toBe(401);
    }
});
