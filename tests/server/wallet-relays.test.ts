/** Both sides' wallets behind relays as they exist, over real sockets. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createOutbound } from "../../server/outbound/outbound.ts";
import type { RelayHabit } from "../../server/sandbox/relay-habits.ts";
import { Secret } from "../../server/secrets.ts";
import { createNwcWallet, type NwcWallet } from "../../server/wallet/nwc.ts";
import { createPayer } from "../../server/wallet/payer.ts";
import type { Settlement } from "../../server/wallet/wallet.ts";
import { until } from "../sandbox/relay-socket.ts";
import { startWallets } from "../sandbox/wallet-fixture.ts";
import { startOddRelay } from "./odd-relay.ts";

const never = new AbortController().signal;
const { connect } = createOutbound({ allowLoopback: true });
const payer = createPayer({ connect, timeoutMs: 8_000 });
const ask = { amountSats: 100, description: "Berth", expirySeconds: 3_600 };
let wallets: Awaited<ReturnType<typeof startWallets>>;
let shop: NwcWallet;

beforeEach(async () => {
  wallets = await startWallets();
});
afterEach(async () => {
  shop?.close();
  await wallets.stop();
});

function openShop(nwcUrl = wallets.shop.clients[0]?.url ?? ""): NwcWallet {
  shop = createNwcWallet({ nwcUrl, network: "bcrt", clock: wallets.clock, timeoutMs: 8_000 });
  return shop;
}

/** The customer's wallet pays what the shop's asks, and the shop hears of it both ways. */
async function trade(): Promise<void> {
  const heard: Settlement[] = [];
  openShop().onSettled((settlement) => heard.push(settlement));
  const { bolt11, paymentHash } = await shop.makeInvoice(ask, never);
  expect(await shop.lookup(paymentHash, never)).toMatchObject({ reason: "pending" });
  const url = new Secret(wallets.customer.clients[0]?.url ?? "");
  expect(await payer.probe(url, never)).toMatchObject({ balanceSats: 1_000 });
  const signed = await payer.sign(url, { bolt11, expiresInSeconds: 240 }, never);
  expect(await payer.send(url, signed, never)).toMatchObject({ outcome: "paid" });
  expect(await shop.lookup(paymentHash, never)).toMatchObject({ state: "settled" });
  await until(() => heard.some((settlement) => settlement.paymentHash === paymentHash));
}

describe("a wallet is served behind a relay that", () => {
  const habits: RelayHabit[][] = [
    ["demands_proof"],
    ["proof_without_ok"],
    ["proof_by_hint"],
    ["address_without_slash"],
    ["no_ok_for_ephemeral"],
    ["filter_needs_p"],
    ["knows_no_e"],
    ["demands_proof", "no_ok_for_ephemeral", "knows_no_e"],
  ];
  test.each(habits.map((each) => [each.join(", "), each] as const))(
    "has the habit %s",
    async (_, each) => {
      await wallets.stop();
      wallets = await startWallets({ relayHabits: each });
      await trade();
    },
    30_000,
  );
});

describe("a connection of several relays", () => {
  test("works where one of them does, dead, deaf or refused as the others may be", async () => {
    const deaf = startOddRelay(() => {});
    const refusing = startOddRelay(([type, subject], send) => {
      if (type === "REQ") send("CLOSED", subject, "blocked: members only");
    });
    const url = wallets.shop.clients[0]?.url ?? "";
    for (const other of ["ws://127.0.0.1:9", deaf.url, refusing.url]) {
      for (const spelled of [url.replace("?", `?relay=${other}&`), `${url}&relay=${other}`]) {
        const startedAt = performance.now();
        const { paymentHash } = await openShop(spelled).makeInvoice(ask, never);
        expect(await shop.lookup(paymentHash, never)).toMatchObject({ reason: "pending" });
        expect(performance.now() - startedAt).toBeLessThan(1_000);
        shop.close();
      }
    }
    await Promise.all([deaf.stop(), refusing.stop()]);
  });

  test("that nobody can reach says what its relay said", async () => {
    const refusing = startOddRelay(([type, subject], send) => {
      if (type === "REQ") send("CLOSED", subject, "blocked: members only");
    });
    const url = wallets.shop.clients[0]?.url ?? "";
    const elsewhere = url.replace(/relay=[^&]*/, `relay=${refusing.url}`);
    const failure = openShop(elsewhere).makeInvoice(ask, never);
    await expect(failure).rejects.toMatchObject({
      code: "wallet_unreachable",
      said: "blocked: members only",
    });
    await refusing.stop();
  });
});

test("a wallet that publishes no info event is spoken to in NIP-04, on both sides", async () => {
  await wallets.stop();
  wallets = await startWallets({ habits: ["no_info_event"] });
  await trade();
  expect(await shop.facts(never)).toMatchObject({ isAnnounced: false, encryption: "nip04" });
});

test("a wallet whose clock is minutes off answers", async () => {
  for (const aheadMs of [90_000, -90_000, 220_000]) {
    const elsewhen = createPayer({ connect, timeoutMs: 4_000, now: () => Date.now() - aheadMs });
    const url = new Secret(wallets.customer.clients[0]?.url ?? "");
    expect(await elsewhen.probe(url, never)).toMatchObject({ balanceSats: 1_000 });
  }
});
