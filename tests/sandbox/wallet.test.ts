import { afterAll, afterEach, beforeEach, describe, expect, spyOn, test } from "bun:test";
import { validatePreimage } from "@getalby/lightning-tools/bolt11";
import { Nip47NetworkError, Nip47WalletError, NWCClient } from "@getalby/sdk/nwc";
import { RelaySocket, until } from "./relay-socket.ts";
import { RawClient, startWallets } from "./wallet-fixture.ts";

// The SDK prints every refusal; here they are asserted.
const printed = spyOn(console, "error").mockImplementation(() => {});
afterAll(() => printed.mockRestore());

let world: Awaited<ReturnType<typeof startWallets>>;
let shop: NWCClient;
let customer: NWCClient;

beforeEach(async () => {
  world = await startWallets();
  shop = new NWCClient({ nostrWalletConnectUrl: world.shop.clients[0]!.url });
  customer = new NWCClient({ nostrWalletConnectUrl: world.customer.clients[0]!.url });
});
afterEach(async () => {
  shop.close();
  customer.close();
  await world.stop();
});

/** The NIP-47 code that the wallet refuses with. */
async function refusal(answer: Promise<unknown>): Promise<string> {
  const error = await answer.then(
    () => new Error("nothing was refused"),
    (error: unknown) => error,
  );
  if (error instanceof Nip47WalletError) return error.code;
  throw error;
}

const rawShop = () => {
  const { clients, wallet, path } = world.shop;
  return RawClient.open(world.relay, path, clients[0]!.secretKey, wallet.pubkey);
};
const rawCustomer = () => {
  const { clients, wallet, path } = world.customer;
  return RawClient.open(world.relay, path, clients[0]!.secretKey, wallet.pubkey);
};

describe("the real client", () => {
  test("has an invoice made, sees it pending, paid by another wallet, and settled", async () => {
    const made = await shop.makeInvoice({ amount: 21_000, description: "basic", expiry: 600 });
    expect(made).toMatchObject({ type: "incoming", state: "pending", amount: 21_000 });
    expect(made.expires_at - made.created_at).toBe(600);
    expect(made.preimage).toBeUndefined();

    const paid = await customer.payInvoice({ invoice: made.invoice });
    expect(validatePreimage(paid.preimage, made.payment_hash)).toBe(true);
    expect(paid.fees_paid).toBe(0);

    const settled = await shop.lookupInvoice({ payment_hash: made.payment_hash });
    expect(settled).toMatchObject({ state: "settled", amount: 21_000, preimage: paid.preimage });
    expect(settled.settled_at).toBeGreaterThanOrEqual(made.created_at);
    expect((await customer.getBalance()).balance).toBe(1_000_000 - 21_000);
    const outgoing = await customer.lookupInvoice({ invoice: made.invoice });
    expect(outgoing).toMatchObject({ type: "outgoing", state: "settled" });
  });

  test("hears payment_received, once", async () => {
    const heard: { notification_type: string; notification: { payment_hash: string } }[] = [];
    const unsubscribe = await shop.subscribeNotifications((notification) => {
      heard.push(notification);
    });
    const { invoice, payment_hash } = await shop.makeInvoice({ amount: 1000 });
    await customer.payInvoice({ invoice });
    await until(() => heard.length > 0);
    await shop.lookupInvoice({ payment_hash });
    expect(heard).toHaveLength(1);
    expect(heard[0]).toMatchObject({
      notification_type: "payment_received",
      notification: { payment_hash, state: "settled", amount: 1000 },
    });
    unsubscribe();
  });

  test("is told encryptions, methods and notifications", async () => {
    expect(await shop.getWalletServiceInfo()).toMatchObject({
      encryptions: ["nip44_v2", "nip04"],
      notifications: ["payment_received"],
    });
    const info = await shop.getInfo();
    expect(info.methods).toEqual([
      "make_invoice",
      "lookup_invoice",
      "list_transactions",
      "get_info",
    ]);
    expect(info.network).toBe("regtest");
    expect(info.pubkey).toBe(world.shop.node.pubkey);
  });

  test("pages through transactions, newest first, at most 20 at once", async () => {
    for (let n = 1; n <= 23; n++) {
      const { bolt11 } = world.network.makeInvoice(world.shop.node, { amountMsats: n });
      if (n !== 7) world.network.pay(world.customer.node, bolt11);
      if (n === 10) world.clock.pin(world.clock.now() + 60_000);
    }
    const first = await shop.listTransactions({ limit: 50 });
    const second = await shop.listTransactions({ limit: 20, offset: 20 });
    const amounts = [...first.transactions, ...second.transactions].map(({ amount }) => amount);
    expect(first.transactions).toHaveLength(20);
    expect(first.total_count).toBe(22);
    const paid = Array.from({ length: 23 }, (_, n) => 23 - n).filter((amount) => amount !== 7);
    expect(amounts).toEqual(paid);

    const unpaid = await shop.listTransactions({ unpaid: true, offset: 15, limit: 3 });
    expect(unpaid.transactions.map(({ amount, state }) => [amount, state])).toEqual([
      [8, "settled"],
      [7, "pending"],
      [6, "settled"],
    ]);
    const from = first.transactions[12]!.created_at;
    const late = await shop.listTransactions({ from });
    expect(late.transactions.at(-1)?.amount).toBe(11);
    const early = await shop.listTransactions({ until: from - 1 });
    expect(early.transactions[0]?.amount).toBe(10);
    expect((await shop.listTransactions({ type: "outgoing" })).transactions).toEqual([]);
    const out = await customer.listTransactions({ type: "outgoing", limit: 1 });
    expect(out.transactions[0]).toMatchObject({ type: "outgoing", amount: 23 });
  });

  test("sees an invoice expired once logical time has passed its expiry", async () => {
    const { payment_hash, invoice, expires_at } = await shop.makeInvoice({
      amount: 1000,
      expiry: 60,
    });
    world.clock.pin(expires_at * 1000);
    const state: string = (await shop.lookupInvoice({ payment_hash })).state;
    expect(state).toBe("expired");
    expect(await refusal(customer.payInvoice({ invoice }))).toBe("PAYMENT_FAILED");
  });
});

describe("a refusal has NIP-47's code:", () => {
  test("RESTRICTED for what the connection was not granted", async () => {
    const { invoice } = await customer.makeInvoice({ amount: 1000 });
    expect(await refusal(shop.payInvoice({ invoice }))).toBe("RESTRICTED");
    expect(await refusal(shop.getBalance())).toBe("RESTRICTED");
  });

  test("NOT_IMPLEMENTED for an unknown method", async () => {
    expect(await refusal(shop.signMessage({ message: "x" }))).toBe("NOT_IMPLEMENTED");
  });

  test("NOT_FOUND for an invoice of another wallet", async () => {
    expect(await refusal(shop.lookupInvoice({ payment_hash: "00".repeat(32) }))).toBe("NOT_FOUND");
    const { invoice } = await customer.makeInvoice({ amount: 1000 });
    expect(await refusal(shop.lookupInvoice({ invoice }))).toBe("NOT_FOUND");
  });

  test("INSUFFICIENT_BALANCE beyond the balance", async () => {
    const { invoice } = await shop.makeInvoice({ amount: 1_000_001 });
    expect(await refusal(customer.payInvoice({ invoice }))).toBe("INSUFFICIENT_BALANCE");
  });

  test("PAYMENT_FAILED for what is paid already", async () => {
    const { invoice } = await shop.makeInvoice({ amount: 1000 });
    await customer.payInvoice({ invoice });
    expect(await refusal(customer.payInvoice({ invoice }))).toBe("PAYMENT_FAILED");
    expect((await customer.getBalance()).balance).toBe(999_000);
  });

  test("OTHER for malformed params", async () => {
    const { invoice } = await shop.makeInvoice({ amount: 1000 });
    expect(await refusal(shop.makeInvoice({ amount: -1 }))).toBe("OTHER");
    expect(await refusal(shop.makeInvoice({ amount: 1, description: "x".repeat(640) }))).toBe(
      "OTHER",
    );
    expect(await refusal(customer.payInvoice({ invoice: "lnbc1" }))).toBe("OTHER");
    expect(await refusal(customer.payInvoice({ invoice, amount: 2000 }))).toBe("OTHER");
  });

  test("UNAUTHORIZED for a key without a connection", async () => {
    const url = world.shop.clients[0]!.url.replace(/secret=.*/, `secret=${"07".repeat(32)}`);
    const stranger = new NWCClient({ nostrWalletConnectUrl: url });
    expect(await refusal(stranger.makeInvoice({ amount: 1000 }))).toBe("UNAUTHORIZED");
    stranger.close();
  });

  test("whatever a test wants the wallet to say, with nothing executed", async () => {
    for (const code of ["RATE_LIMITED", "INTERNAL", "OTHER"] as const) {
      world.shop.wallet.refuseWith = code;
      expect(await refusal(shop.makeInvoice({ amount: 1000 }))).toBe(code);
    }
    expect(world.network.counts().issued).toBe(0);
  });
});

describe("a budget", () => {
  test("limits what a connection spends, and is whole again on the 1st of the month", async () => {
    const limited = new NWCClient({ nostrWalletConnectUrl: world.customer.clients[1]!.url });
    const pay = async (amount: number) => {
      const { invoice } = await shop.makeInvoice({ amount, expiry: 31_536_000 });
      return limited.payInvoice({ invoice });
    };
    await pay(60_000);
    expect(await refusal(pay(40_001))).toBe("QUOTA_EXCEEDED");
    const now = new Date(world.clock.now());
    const nextMonth = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1);
    expect(await limited.getBudget()).toEqual({
      used_budget: 60_000,
      total_budget: 100_000,
      renews_at: nextMonth / 1000,
      renewal_period: "monthly",
    });
    await pay(40_000);
    world.clock.pin(nextMonth - 1);
    expect(await refusal(pay(1000))).toBe("QUOTA_EXCEEDED");
    world.clock.pin(nextMonth);
    await pay(100_000);
    expect(await limited.getBudget()).toMatchObject({ used_budget: 100_000 });
    limited.close();
  });

  test("of one connection is not touched by another, which may have none", async () => {
    const { invoice } = await shop.makeInvoice({ amount: 900_000 });
    await customer.payInvoice({ invoice });
    expect(await customer.getBudget()).toEqual({});
    const limited = new NWCClient({ nostrWalletConnectUrl: world.customer.clients[1]!.url });
    expect(await limited.getBudget()).toMatchObject({ used_budget: 0 });
    limited.close();
  });
});

describe("on the wire", () => {
  test("the info event lists methods and notifications, and the ways to encrypt", async () => {
    const socket = await RelaySocket.open(world.relay.url("/customer"));
    const [info] = await socket.query({ kinds: [13194], authors: [world.customer.wallet.pubkey] });
    expect(info?.content.split(" ").sort()).toEqual([
      ...["get_balance", "get_budget", "get_info", "list_transactions", "lookup_invoice"],
      ...["make_invoice", "notifications", "pay_invoice"],
    ]);
    expect(info?.tags).toEqual([
      ["encryption", "nip44_v2 nip04"],
      ["notifications", "payment_received"],
    ]);
    socket.close();
  });

  test("a request in either encryption is answered in the same", async () => {
    const client = await rawShop();
    for (const encryption of ["nip44_v2", "nip04"] as const) {
      const request = client.request({ method: "get_info", params: {} }, encryption);
      expect(await client.ask(request, encryption)).toMatchObject({
        result_type: "get_info",
        error: null,
        result: { alias: "shop" },
      });
    }
  });

  test("another encryption is UNSUPPORTED_ENCRYPTION; what cannot be read is OTHER", async () => {
    const client = await rawShop();
    const odd = client.request({ method: "get_info" }, "nip44_v2");
    const unsupported = client.relabelled(odd, [["encryption", "nip99"]]);
    expect((await client.ask(unsupported, "nip44_v2")).error?.code).toBe("UNSUPPORTED_ENCRYPTION");
    const mislabelled = client.relabelled(odd, [["encryption", "nip04"]]);
    expect((await client.ask(mislabelled, "nip04")).error?.code).toBe("OTHER");
    const noJson = client.request("{", "nip44_v2");
    expect((await client.ask(noJson, "nip44_v2")).error?.code).toBe("OTHER");
  });

  test("a request delivered twice is executed once and answered twice, alike", async () => {
    const { invoice } = await shop.makeInvoice({ amount: 1000 });
    const client = await rawCustomer();
    const pay = client.request({ method: "pay_invoice", params: { invoice } }, "nip44_v2");
    const first = await client.ask(pay, "nip44_v2");
    const second = await client.ask(pay, "nip44_v2");
    expect(first.result).toMatchObject({ fees_paid: 0 });
    expect(second).toEqual(first);
    const make = client.request({ method: "make_invoice", params: { amount: 5 } }, "nip44_v2");
    const made = [await client.ask(make, "nip44_v2"), await client.ask(make, "nip44_v2")];
    expect(made[1]).toEqual(made[0]!);
    expect(world.network.counts()).toEqual({ issued: 2, paid: 1 });
  });

  test("a request past its expiration is neither executed nor answered", async () => {
    const client = await rawShop();
    const make = { method: "make_invoice", params: { amount: 5 } };
    const seconds = Math.floor(Date.now() / 1000);
    const late = client.request(make, "nip44_v2", [["expiration", String(seconds - 1)]]);
    const inTime = client.request(make, "nip44_v2", [["expiration", String(seconds + 60)]]);
    client.socket.send("EVENT", late);
    expect((await client.ask(inTime, "nip44_v2")).error).toBeNull();
    expect(world.network.counts().issued).toBe(1);
  });

  test("a notification comes in both encryptions, to connections that have them", async () => {
    const granted = await rawShop();
    const { clients, wallet, path } = world.shop;
    const without = await RawClient.open(world.relay, path, clients[1]!.secretKey, wallet.pubkey);
    const { bolt11, paymentHash } = world.network.makeInvoice(world.shop.node, {
      amountMsats: 1000,
    });
    world.network.pay(world.customer.node, bolt11);
    const [modern, legacy] = await until(() => {
      const heard = [granted.events(23197)[0], granted.events(23196)[0]] as const;
      return heard[0] && heard[1] && ([heard[0], heard[1]] as const);
    });
    const told = { notification: { payment_hash: paymentHash, state: "settled" } };
    expect(granted.open(modern.content, "nip44_v2")).toMatchObject(told);
    expect(granted.open(legacy.content, "nip04")).toMatchObject(told);
    expect([...without.events(23197), ...without.events(23196)]).toEqual([]);
  });

  test("notifications can be lost or repeated", async () => {
    const client = await rawShop();
    const payOne = () => {
      const { bolt11 } = world.network.makeInvoice(world.shop.node, { amountMsats: 1000 });
      world.network.pay(world.customer.node, bolt11);
    };
    world.shop.wallet.notificationCopies = 0;
    payOne();
    const ping = client.request({ method: "get_info" }, "nip44_v2");
    client.socket.send("EVENT", ping);
    await until(() => client.events(23195).length > 0);
    expect(client.events(23197)).toEqual([]);
    world.shop.wallet.notificationCopies = 2;
    payOne();
    await until(() => client.events(23197).length === 2);
  });
});

describe("a wallet that is", () => {
  test("down refuses connections and executes nothing, and is back at once afterwards", async () => {
    const { payment_hash } = await shop.makeInvoice({ amount: 1000 });
    const client = await rawShop();
    await world.shop.wallet.setFault("down");
    await client.socket.closed;
    await expect(RelaySocket.open(world.relay.url("/shop"))).rejects.toThrow("refused");
    const fresh = new NWCClient({ nostrWalletConnectUrl: world.shop.clients[0]!.url });
    await expect(fresh.makeInvoice({ amount: 1000 })).rejects.toBeInstanceOf(Nip47NetworkError);
    expect((await customer.getBalance()).balance).toBe(1_000_000);
    await world.shop.wallet.setFault("ok");
    expect((await fresh.lookupInvoice({ payment_hash })).state).toBe("pending");
    expect(world.network.counts().issued).toBe(1);
    fresh.close();
  });

  test("down for an instant loses no request that comes after", async () => {
    await world.shop.wallet.setFault("down");
    await world.shop.wallet.setFault("ok");
    const client = await rawShop();
    const request = client.request({ method: "get_info" }, "nip44_v2");
    expect((await client.ask(request, "nip44_v2")).error).toBeNull();
  });

  test("silent executes, but neither answers nor notifies; asked again later it answers", async () => {
    const { invoice } = await shop.makeInvoice({ amount: 1000 });
    const [payer, payee] = [await rawCustomer(), await rawShop()];
    await world.customer.wallet.setFault("silent");
    await world.shop.wallet.setFault("silent");
    const pay = payer.request({ method: "pay_invoice", params: { invoice } }, "nip44_v2");
    payer.socket.send("EVENT", pay);
    await until(() => world.network.counts().paid === 1);
    await world.customer.wallet.setFault("ok");
    await world.shop.wallet.setFault("ok");
    payer.socket.send("EVENT", pay);
    // A wallet's events arrive in order: with the last answer here, whatever it said before is, too.
    for (const client of [payer, payee]) {
      const last = client.request({ method: "get_info" }, "nip44_v2");
      client.socket.send("EVENT", last);
      await until(() => client.answers(last).length === 1);
    }
    const [answer, ...more] = payer.answers(pay);
    expect(payer.open(answer!.content, "nip44_v2")).toMatchObject({ error: null });
    expect(more).toEqual([]);
    expect(payee.events(23197)).toEqual([]);
    expect(world.network.balanceMsats(world.customer.node)).toBe(999_000);
  });

  test("empty, or out of quota, refuses to pay and says so of itself", async () => {
    const { invoice } = await shop.makeInvoice({ amount: 1000 });
    const limited = new NWCClient({ nostrWalletConnectUrl: world.customer.clients[1]!.url });
    await world.customer.wallet.setFault("empty");
    expect(await refusal(limited.payInvoice({ invoice }))).toBe("INSUFFICIENT_BALANCE");
    expect((await limited.getBalance()).balance).toBe(0);
    await world.customer.wallet.setFault("quota");
    expect(await refusal(limited.payInvoice({ invoice }))).toBe("QUOTA_EXCEEDED");
    expect(await limited.getBudget()).toMatchObject({ used_budget: 100_000 });
    await world.customer.wallet.setFault("ok");
    expect((await limited.payInvoice({ invoice })).preimage).toHaveLength(64);
    limited.close();
  });

  test("unauthorized refuses everything", async () => {
    await world.customer.wallet.setFault("unauthorized");
    expect(await refusal(customer.getInfo())).toBe("UNAUTHORIZED");
    expect(await refusal(customer.makeInvoice({ amount: 1000 }))).toBe("UNAUTHORIZED");
  });

  test("cut off for a moment subscribes again by itself", async () => {
    await shop.getInfo();
    world.relay.setPath("/shop", "down");
    world.relay.setPath("/shop", "ok");
    const client = await rawShop();
    const request = client.request({ method: "get_info" }, "nip44_v2");
    await until(() => {
      client.socket.send("EVENT", request);
      return client.events(23195).length > 0;
    });
  });
});
