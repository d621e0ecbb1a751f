import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { getPublicKey } from "nostr-tools/pure";
import { Refused, Unavailable } from "../../server/errors.ts";
import { createOutbound } from "../../server/outbound/outbound.ts";
import type { Nip47ErrorCode } from "../../server/sandbox/nip47.ts";
import { Secret } from "../../server/secrets.ts";
import { createPayer, type SignedPayment } from "../../server/wallet/payer.ts";
import { RelaySocket, signedEvent } from "../sandbox/relay-socket.ts";
import { startWallets } from "../sandbox/wallet-fixture.ts";

const never = new AbortController().signal;
const { connect } = createOutbound({ allowLoopback: true });
const payer = createPayer({ connect, timeoutMs: 5_000 });
const hasty = createPayer({ connect, timeoutMs: 1_000 });
let wallets: Awaited<ReturnType<typeof startWallets>>;

beforeEach(async () => {
  wallets = await startWallets();
});
afterEach(() => wallets.stop());

/** The customer's connection: without a budget, or the one of 100 sats a month. */
function nwcUrl(which: "unlimited" | "budgeted" = "unlimited"): Secret {
  return new Secret(wallets.customer.clients[which === "budgeted" ? 1 : 0]?.url ?? "");
}

function invoice(amountSats: number) {
  const { network, shop } = wallets;
  return network.makeInvoice(shop.node, { amountMsats: amountSats * 1_000 });
}

function signFor(bolt11: string, by = payer): Promise<SignedPayment> {
  return by.sign(nwcUrl(), { bolt11, expiresInSeconds: 60 }, never);
}

const balanceSats = () => wallets.network.balanceMsats(wallets.customer.node) / 1_000;
const isPaid = (hash: string) => wallets.network.invoice(hash).settledAtMs !== null;
const stored = (signed: SignedPayment): SignedPayment => JSON.parse(JSON.stringify(signed));

describe("a payment", () => {
  test("is made, and told with its preimage", async () => {
    const { bolt11, paymentHash, preimage } = invoice(400);
    const outcome = await payer.send(nwcUrl(), await signFor(bolt11), never);
    expect(outcome).toEqual({ outcome: "paid", preimage, feesSats: 0 });
    expect(isPaid(paymentHash)).toBe(true);
    expect(balanceSats()).toBe(600);
  });

  test("is made once however often it is sent, also at the same time", async () => {
    const { bolt11, preimage } = invoice(400);
    const signed = await signFor(bolt11);
    const outcomes = await Promise.all([1, 2, 3].map(() => payer.send(nwcUrl(), signed, never)));
    outcomes.push(await payer.send(nwcUrl(), stored(signed), never));
    expect(outcomes).toEqual(Array(4).fill({ outcome: "paid", preimage, feesSats: 0 }));
    expect(balanceSats()).toBe(600);
  });

  test("that was stored is made after a crash before it was sent", async () => {
    const { bolt11 } = invoice(400);
    const signed = stored(await signFor(bolt11));
    expect(balanceSats()).toBe(1_000);
    const afterwards = createPayer({ connect, timeoutMs: 5_000 });
    expect(await afterwards.send(nwcUrl(), signed, never)).toMatchObject({ outcome: "paid" });
    expect(balanceSats()).toBe(600);
  });

  test("whose answer was lost in a crash is made once, and answered when it is sent again", async () => {
    const { bolt11, paymentHash, preimage } = invoice(400);
    const signed = stored(await signFor(bolt11));
    await wallets.customer.wallet.setFault("silent");
    const crash = new AbortController();
    const sending = payer.send(nwcUrl(), signed, crash.signal);
    const deadline = Date.now() + 3_000;
    while (!isPaid(paymentHash) && Date.now() < deadline) await Bun.sleep(2);
    crash.abort();
    expect(await sending).toEqual({ outcome: "unknown", why: "wallet_silent" });

    await wallets.customer.wallet.setFault("ok");
    const afterwards = createPayer({ connect, timeoutMs: 5_000 });
    const outcome = await afterwards.send(nwcUrl(), signed, never);
    expect(outcome).toEqual({ outcome: "paid", preimage, feesSats: 0 });
    expect(balanceSats()).toBe(600);
  });

  test("to a silent wallet is unknown, and may have been made", async () => {
    const { bolt11, paymentHash } = invoice(400);
    const signed = await signFor(bolt11);
    await wallets.customer.wallet.setFault("silent");
    const outcome = await hasty.send(nwcUrl(), signed, never);
    expect(outcome).toEqual({ outcome: "unknown", why: "wallet_silent" });
    expect(isPaid(paymentHash)).toBe(true);
  });

  test("is unknown when the relay goes away before the answer, and at once", async () => {
    const { bolt11, paymentHash } = invoice(400);
    const signed = await signFor(bolt11);
    await wallets.customer.wallet.setFault("silent");
    const sending = payer.send(nwcUrl(), signed, never);
    while (!isPaid(paymentHash)) await Bun.sleep(2);
    await wallets.customer.wallet.setFault("down");
    expect(await sending).toEqual({ outcome: "unknown", why: "wallet_unreachable" });
  });

  test("cannot be signed while the wallet is down, and one that was is unknown", async () => {
    const { bolt11, paymentHash } = invoice(400);
    const signed = await signFor(bolt11);
    await wallets.customer.wallet.setFault("down");
    const failure = await signFor(bolt11).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Unavailable);
    expect(failure).toMatchObject({ code: "wallet_unreachable" });
    const outcome = await payer.send(nwcUrl(), signed, never);
    expect(outcome).toEqual({ outcome: "unknown", why: "wallet_unreachable" });
    await wallets.customer.wallet.setFault("ok");
    expect(isPaid(paymentHash)).toBe(false);
    expect(await payer.send(nwcUrl(), signed, never)).toMatchObject({ outcome: "paid" });
  });

  test("whose time is over is not sent any more", async () => {
    const { bolt11, paymentHash } = invoice(400);
    const { customer, relay } = wallets;
    const observer = await RelaySocket.open(relay.url(customer.path));
    observer.send("REQ", "requests", { kinds: [23194] });
    await observer.next("EOSE");
    const earlier = createPayer({ connect, timeoutMs: 5_000, now: () => Date.now() - 61_000 });
    const signed = await signFor(bolt11, earlier);
    expect(await payer.send(nwcUrl(), signed, never)).toEqual({
      outcome: "unknown",
      why: "request_expired",
    });
    expect(observer.received).toEqual([]);

    // Even if it were sent, the wallet would let it be.
    const outcome = await createPayer({
      ...{ connect, timeoutMs: 1_000 },
      now: () => Date.now() - 61_000,
    }).send(nwcUrl(), signed, never);
    expect(outcome).toEqual({ outcome: "unknown", why: "wallet_silent" });
    expect(observer.received).toHaveLength(1);
    expect(isPaid(paymentHash)).toBe(false);
    observer.close();
  });

  test("is not sent over another connection than it was signed for", async () => {
    const { bolt11, paymentHash } = invoice(50);
    const signed = await signFor(bolt11);
    expect(await payer.send(nwcUrl("budgeted"), signed, never)).toEqual({
      outcome: "unknown",
      why: "wallet_changed",
    });
    expect(isPaid(paymentHash)).toBe(false);
  });

  test("speaks NIP-04 to a wallet that knows nothing newer", async () => {
    const { customer, relay } = wallets;
    for (const tags of [[["encryption", "nip04"]], []]) {
      const socket = await RelaySocket.open(relay.url(customer.path));
      const newer = Math.floor(Date.now() / 1_000) + 10 + tags.length;
      const info = { kind: 13194, created_at: newer, tags, content: "pay_invoice" };
      socket.send("EVENT", signedEvent(customer.secretKey, info));
      await socket.next("OK");
      socket.close();
      const { bolt11 } = invoice(100);
      const signed = await signFor(bolt11);
      expect(signed.encryption).toBe("nip04");
      expect(signed.event.content).toContain("?iv=");
      expect(await payer.send(nwcUrl(), signed, never)).toMatchObject({ outcome: "paid" });
    }
  });

  test("goes over whichever relay works", async () => {
    const { bolt11 } = invoice(400);
    const relays = ["wss://10.0.0.1", "nonsense", "ws://127.0.0.1:1"];
    const query = relays.map((relay) => `relay=${encodeURIComponent(relay)}&`).join("");
    const url = new Secret(nwcUrl().reveal().replace("?", `?${query}`));
    const signed = await payer.sign(url, { bolt11, expiresInSeconds: 60 }, never);
    expect(await payer.send(url, signed, never)).toMatchObject({ outcome: "paid" });
  });
});

describe("a wallet that refuses", () => {
  test.each([
    ["empty", "INSUFFICIENT_BALANCE"],
    ["unauthorized", "UNAUTHORIZED"],
  ] as const)("because it is %s is told by its code", async (fault, code) => {
    const { bolt11, paymentHash } = invoice(400);
    const signed = await signFor(bolt11);
    await wallets.customer.wallet.setFault(fault);
    const outcome = await payer.send(nwcUrl(), signed, never);
    expect(outcome).toEqual({ outcome: "rejected", code, renewsAt: null });
    expect(isPaid(paymentHash)).toBe(false);
  });

  test("because of its budget says when that renews", async () => {
    wallets.clock.pin(Date.UTC(2027, 4, 20));
    const url = nwcUrl("budgeted");
    const { bolt11 } = invoice(101);
    const signed = await payer.sign(url, { bolt11, expiresInSeconds: 60 }, never);
    expect(await payer.send(url, signed, never)).toEqual({
      outcome: "rejected",
      code: "QUOTA_EXCEEDED",
      renewsAt: Date.UTC(2027, 5, 1),
    });
  });

  test("because of its budget, and does not say when that renews, is told all the same", async () => {
    await wallets.customer.wallet.setFault("quota");
    const outcome = await payer.send(nwcUrl(), await signFor(invoice(1).bolt11), never);
    expect(outcome).toEqual({ outcome: "rejected", code: "QUOTA_EXCEEDED", renewsAt: null });
  });

  test("has not paid by some codes, and leaves it open by the others", async () => {
    const rejected: Nip47ErrorCode[] = ["RATE_LIMITED", "NOT_IMPLEMENTED", "INSUFFICIENT_BALANCE"];
    rejected.push("RESTRICTED", "UNAUTHORIZED", "UNSUPPORTED_ENCRYPTION", "PAYMENT_FAILED");
    for (const code of rejected) {
      wallets.customer.wallet.refuseWith = code;
      const outcome = await payer.send(nwcUrl(), await signFor(invoice(1).bolt11), never);
      expect(outcome).toEqual({ outcome: "rejected", code, renewsAt: null });
    }
    for (const code of ["INTERNAL", "OTHER", "NOT_FOUND"] as const) {
      wallets.customer.wallet.refuseWith = code;
      const outcome = await payer.send(nwcUrl(), await signFor(invoice(1).bolt11), never);
      expect(outcome).toEqual({ outcome: "unknown", why: `wallet_${code.toLowerCase()}` });
    }
    expect(balanceSats()).toBe(1_000);
  });
});

describe("a probe", () => {
  test("tells methods, encryption, network, budget and balance", async () => {
    wallets.clock.pin(Date.UTC(2027, 4, 20));
    const url = nwcUrl("budgeted");
    const { bolt11 } = invoice(40);
    const signed = await payer.sign(url, { bolt11, expiresInSeconds: 60 }, never);
    await payer.send(url, signed, never);
    expect(await payer.probe(url, never)).toEqual({
      methods: [...(wallets.customer.clients[1]?.methods ?? [])],
      encryption: "nip44_v2",
      network: "regtest",
      budget: {
        totalSats: 100,
        usedSats: 40,
        renewsAt: Date.UTC(2027, 5, 1),
        renewal: "monthly",
      },
      balanceSats: 960,
    });
    expect(await payer.probe(nwcUrl(), never)).toMatchObject({ budget: null, balanceSats: 960 });
  });

  test("tells what this connection may do, and asks for nothing that it may not", async () => {
    const url = new Secret(wallets.shop.clients[0]?.url ?? "");
    expect(await payer.probe(url, never)).toEqual({
      methods: ["make_invoice", "lookup_invoice", "list_transactions", "get_info"],
      encryption: "nip44_v2",
      network: "regtest",
      budget: null,
      balanceSats: null,
    });
  });

  test("goes by the info event where get_info is not to be had", async () => {
    wallets.customer.wallet.refuseWith = "RESTRICTED";
    const { methods, network, budget } = await payer.probe(nwcUrl(), never);
    expect(methods).toContain("pay_invoice");
    expect({ network, budget }).toEqual({ network: null, budget: null });
  });

  test("of a connection that was revoked is refused; of a wallet in trouble, unavailable", async () => {
    await wallets.customer.wallet.setFault("unauthorized");
    const revoked = await payer.probe(nwcUrl(), never).catch((error: unknown) => error);
    expect(revoked).toBeInstanceOf(Refused);
    expect(revoked).toMatchObject({ code: "wallet_unauthorized" });
    await wallets.customer.wallet.setFault("silent");
    await expect(hasty.probe(nwcUrl(), never)).rejects.toMatchObject({ code: "wallet_silent" });
    await wallets.customer.wallet.setFault("down");
    const down = await payer.probe(nwcUrl(), never).catch((error: unknown) => error);
    expect(down).toBeInstanceOf(Unavailable);
    expect(down).toMatchObject({ code: "wallet_unreachable" });
  });
});

describe("a connection's URL", () => {
  test("may come without slashes and in upper case", async () => {
    const [start, query = ""] = nwcUrl().reveal().split("?");
    const pubkey = start?.split("//")[1] ?? "";
    const bare = new Secret(` nostr+walletconnect:${pubkey.toUpperCase()}?${query}\n`);
    expect(await payer.probe(bare, never)).toMatchObject({ balanceSats: 1_000 });
  });

  test("that is malformed is refused by every call, and never shown", async () => {
    const good = nwcUrl().reveal();
    const secret = new URL(good).searchParams.get("secret") ?? "";
    const { bolt11 } = invoice(1);
    const signed = await signFor(bolt11);
    for (const url of [
      ...["", "x", "https://example.com", `nostr+walletconnect://?${good.split("?")[1]}`],
      ...[good.replace("nostr+", ""), good.replace("relay=", "rely="), good.split("&secret")[0]],
      ...[good.replace(secret, secret.slice(1)), good.replace(secret, "0".repeat(64))],
      ...[good.replace(secret, "f".repeat(64)), good.replace(/\/\/.{64}/, `//${"0".repeat(64)}`)],
      ...[good.replace(/\/\/.{64}/, `//${"zz".repeat(32)}`), `${good}#x`],
    ]) {
      const bad = new Secret(url ?? "");
      for (const call of [
        payer.sign(bad, { bolt11, expiresInSeconds: 60 }, never),
        payer.probe(bad, never),
      ]) {
        const failure = await call.catch((error: unknown) => error);
        expect(failure).toMatchObject({ name: "Refused", code: "nwc_malformed" });
        expect(Bun.inspect(failure)).not.toContain(secret.slice(1, 20));
      }
      const outcome = await payer.send(bad, signed, never);
      expect(outcome).toEqual({ outcome: "unknown", why: "nwc_malformed" });
    }
  });

  test("that leads nowhere we may go is refused", async () => {
    const start = nwcUrl().reveal().split("?")[0];
    const secret = new URL(nwcUrl().reveal()).searchParams.get("secret");
    for (const [relay, code] of [
      ["wss://10.0.0.1", "outbound_refused"],
      ...["ws://10.0.0.1", "https://a.b", "x", ""].map((bad) => [bad, "nwc_malformed"]),
    ]) {
      const url = new Secret(`${start}?relay=${encodeURIComponent(relay ?? "")}&secret=${secret}`);
      await expect(payer.probe(url, never)).rejects.toMatchObject({ code });
    }
  });

  test("leaves no secret in what is stored of a payment", async () => {
    const secret = new URL(nwcUrl().reveal()).searchParams.get("secret") ?? "";
    const signed = await signFor(invoice(1).bolt11);
    expect(JSON.stringify(signed)).not.toContain(secret);
    expect(Object.keys(signed).sort()).toEqual(["encryption", "event", "relays", "wallet"]);
    expect(signed.event.pubkey).toBe(getPublicKey(Buffer.from(secret, "hex")));
  });
});
