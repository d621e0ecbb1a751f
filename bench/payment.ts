/** From the payment to an active relay, in a sandbox of its own, as the page sees it: over the live feed. */
import { decode } from "nostr-tools/nip19";
import { apiClient } from "../server/sandbox/api.ts";
import { startSandbox } from "../server/sandbox/sandbox.ts";
import { openFeed } from "../server/sandbox/tour-feed.ts";
import { bareCommitMs, verifyInJavaScript } from "./measured.ts";
import { percentile, type Row } from "./row.ts";

const WARM_UP = 10;
const PURCHASES = 100;

type Ordered = { relay: { id: string }; invoice: { invoice: string } };

export async function benchPayment(): Promise<Row[]> {
  const sandbox = await startSandbox({ port: 0, dataDir: null });
  try {
    const { url, tenant_nsec } = sandbox.info;
    const { data } = decode(tenant_nsec as `nsec1${string}`);
    const api = apiClient(url, data);
    const anyone = apiClient(url, null);
    await api.get("/tenant");
    const feed = await openFeed(url, data, null);
    const elapsedMs: number[] = [];
    for (let i = 0; i < WARM_UP + PURCHASES; i++) {
      const order = { name: `Relay ${i}`, subdomain: `bench-${i}`, plan: "basic" };
      const { body } = await api.post<Ordered>("/tenant/relays", order);
      const actor = `relay/${body.relay.id}`;
      const active = feed.until((told) => told.actor === actor && isActive(told.snapshot.value));
      const startedAt = performance.now();
      await anyone.post("/sandbox/pay", { bolt11: body.invoice.invoice });
      await active;
      if (i >= WARM_UP) elapsedMs.push(performance.now() - startedAt);
    }
    feed.close();
    const verifyMs = verifyInJavaScript() / 1000;
    const commitMs = bareCommitMs();
    return [50, 95].map((p) => {
      const value = percentile(elapsedMs, p);
      const of = `${(value / verifyMs).toFixed(0)} × a verification in JavaScript`;
      const note = `${of}, ${(value / commitMs).toFixed(0)} × a bare commit`;
      return { name: `payment to active, p${p} of ${PURCHASES}`, value, unit: "ms", note };
    });
  } finally {
    await sandbox.stop();
  }
}

const isActive = (value: unknown): boolean =>
  (value as { status?: unknown } | null)?.status === "active";

if (import.meta.main) {
  console.table(await benchPayment());
  process.exit(0);
}
