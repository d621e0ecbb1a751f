import { afterAll, beforeAll, expect, setDefaultTimeout, spyOn, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { nsecEncode } from "nostr-tools/nip19";
import { hexToBytes } from "nostr-tools/utils";
import { relayActor } from "../../machines/addresses.ts";
import { log } from "../../server/log.ts";
import { createVault } from "../../server/secrets.ts";
import { until } from "../sandbox/relay-socket.ts";
import { type Fixture, startFixture } from "./berth-fixture.ts";
import { openStream } from "./event-stream.ts";
import { activePaidRelay, activeRelay, nip11Of, order, relayIs } from "./orders.ts";

setDefaultTimeout(30_000);

let fixture: Fixture;
const printed: string[] = [];
const spies = [
  spyOn(process.stderr, "write").mockImplementation((text) => printed.push(String(text)) > 0),
  spyOn(process.stdout, "write").mockImplementation((text) => printed.push(String(text)) > 0),
  ...(["log", "info", "warn", "error", "debug"] as const).map((name) =>
    spyOn(console, name).mockImplementation((...words) => {
      printed.push(words.map((word) => Bun.inspect(word)).join(" "));
    }),
  ),
];
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(async () => {
  await fixture.stop();
  for (const spy of spies) spy.mockRestore();
});

test("no secret is in any answer, event, log line or byte of the database", async () => {
  const tenant = fixture.tenant();
  const answers: unknown[] = [];
  const ask = async (call: Promise<{ body: unknown; headers: Headers }>) => {
    const { body, headers } = await call;
    answers.push(body, [...headers]);
  };
  const stream = await openStream(tenant);
  const { relay, invoice } = await activePaidRelay(fixture, tenant);
  const free = await activeRelay(tenant);
  // With things going wrong, for it is errors that tell too much.
  await fixture.world.setFaults({ zooid: "down", wallet: "silent" });
  await ask(tenant.put(`/tenant/relays/${free.id}`, { name: "While zooid is down" }));
  const { invoice: late } = await order(tenant, { plan: "growth" });
  await ask(tenant.post(`/tenant/invoices/${late?.id}/check`));
  await ask(tenant.get(`/tenant/relays/${free.id}`));
  await fixture.restart();
  await fixture.world.setFaults({ zooid: "ok" });
  await fixture.world.receivingWallet.setFault("unauthorized");
  await until(async () => (await nip11Of(fixture, free.subdomain))?.name === "While zooid is down");
  await ask(tenant.post(`/tenant/invoices/${late?.id}/check`));
  await fixture.world.setFaults({ wallet: "ok" });
  await ask(tenant.delete(`/tenant/relays/${free.id}`));
  await ask(tenant.post(`/tenant/relays/${free.id}/reactivate`));
  await relayIs(tenant, free.id, "active");
  const second = await openStream(tenant);
  await second.ready();
  for (const path of ["", "/relays", `/relays/${relay.id}`, "/invoices", `/invoices/${invoice.id}`])
    await ask(tenant.get(`/tenant${path}`));
  for (const path of ["/healthz", "/plans", "/openapi.json", "/nothing"])
    await ask(fixture.anonymous.get(path));
  await ask(tenant.post("/tenant/relays", { name: 1, subdomain: "\u0000", secret: "x" }));

  log("info", "what is logged is seen by this test");
  const vault = createVault(fixture.platform.secret);
  const nwcSecret = new URL(fixture.world.receivingNwcUrl).searchParams.get("secret") ?? "";
  const secrets = [fixture.platform.secretHex, nwcSecret, tenant.key.secretHex];
  for (const { id } of [relay, free]) {
    const sealed = await fixture.berth.queries.secrets.get(relayActor(id));
    if (!sealed) throw new Error(`no secret is stored for ${id}`);
    secrets.push(vault.open(sealed, relayActor(id)).reveal());
  }
  await stream.close();
  await second.close();
  await fixture.berth.stop();

  const told = [
    JSON.stringify(answers),
    JSON.stringify([...stream.messages, ...second.messages]),
    printed.join("\n"),
  ].map((text) => Buffer.from(text));
  const directory = dirname(fixture.databasePath);
  const files = readdirSync(directory).filter((name) =>
    name.startsWith(basename(fixture.databasePath)),
  );
  expect(files.length).toBeGreaterThan(1);
  const stored = files.map((name) => readFileSync(join(directory, name)));
  for (const secret of secrets) {
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    const bytes = Buffer.from(hexToBytes(secret));
    for (const form of [secret, nsecEncode(bytes), bytes.toString("base64").slice(0, 40), bytes])
      for (const place of [...told, ...stored]) expect(place.includes(form)).toBe(false);
  }
  // What is searched for would be found: these are there.
  expect(stored.some((place) => place.includes(relay.schema))).toBe(true);
  for (const [index, known] of [relay.id, relay.id, "is seen by this test"].entries())
    expect(told[index]?.includes(known)).toBe(true);
  await fixture.restart();
});
