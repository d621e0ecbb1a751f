/** From the payment to an active relay, in a sandbox of its own. */
import { decode } from "nostr-tools/nip19";
import { apiClient } from "../server/sandbox/api.ts";
import { startSandbox } from "../server/sandbox/sandbox.ts";
import { percentile, type Row } from "./row.ts";

const PURCHASES = 100;

type Ordered = { relay: { id: string }; invoice: { invoice: string } };

export async function benchPayment(): Promise<Row[]> {
  const sandbox = await startSandbox({ port: 0, dataDir: null });
  try {
    const { url, tenant_nsec } = sandbox.info;
    const { data } = decode(tenant_nsec as `nsec1${string}`);
    const api = apiClient(url, data);
    const anyone = apiClient(url, null);
    const elapsedMs: number[] = [];
    for (let i = 0; i < PURCHASES; i++) {
      const order = { name: `Relay ${i}`, subdomain: `bench-${i}`, plan: "basic" };
      const { body } = await api.post<Ordered>("/tenant/relays", order);
      const startedAt = performance.now();
      await anyone.post("/sandbox/pay", { bolt11: body.invoice.invoice });
      for (;;) {
        const relay = await api.get<{ status: string }>(`/tenant/relays/${body.relay.id}`);
        if (relay.body.status === "active") break;
      }
      elapsedMs.push(performance.now() - startedAt);
    }
    return [50, 95].map((p) => ({
      name: `payment to active, p${p}`,
      value: percentile(elapsedMs, p),
      unit: "ms",
      note: `${PURCHASES} purchases, as a client that polls sees it`,
    }));
  } finally {
    await sandbox.stop();
  }
}

if (import.meta.main) {
  console.table(await benchPayment());
  process.exit(0);
}
