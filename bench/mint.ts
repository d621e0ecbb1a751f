/** Bolt11s per second over the real protocol: our client, a relay, and a NIP-47 wallet on loopback. */
import { generateSecretKey, getPublicKey } from "nostr-tools/pure";
import { MovableClock } from "../server/sandbox/clock.ts";
import { startWorld } from "../server/sandbox/world.ts";
import { createNwcWallet } from "../server/wallet/nwc.ts";
import type { Row } from "./row.ts";

const BOLT11S = 400;
const AT_ONCE = 16;

export async function benchMint(): Promise<Row[]> {
  const clock = new MovableClock();
  const platformPubkey = getPublicKey(generateSecretKey());
  const world = await startWorld({ dataDir: null, platformPubkey, clock });
  const wallet = createNwcWallet({ nwcUrl: world.receivingNwcUrl, network: "bcrt", clock });
  const ask = { amountSats: 10_000, description: "bench", expirySeconds: 3_600 };
  const signal = AbortSignal.timeout(120_000);
  try {
    await wallet.makeInvoice(ask, signal);
    let left = BOLT11S;
    const startedAt = performance.now();
    const mint = async (): Promise<void> => {
      while (left-- > 0) await wallet.makeInvoice(ask, signal);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, mint));
    const seconds = (performance.now() - startedAt) / 1000;
    const note = `${AT_ONCE} at once; client, relay and wallet share one process`;
    return [{ name: "bolt11s over NWC", value: BOLT11S / seconds, unit: "1/s", note }];
  } finally {
    wallet.close();
    await world.stop();
  }
}

if (import.meta.main) {
  console.table(await benchMint());
  process.exit(0);
}
