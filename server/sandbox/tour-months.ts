import { unwrapEvent } from "nostr-tools/nip59";
import { finalizeEvent } from "nostr-tools/pure";
import { Relay as NostrRelay } from "nostr-tools/relay";
import type { Api } from "./api.ts";
import { apiClient } from "./api.ts";
import type { Sandbox } from "./sandbox.ts";
import { expected, must, type Relay, type Step } from "./tour-step.ts";
import { readInformation } from "./tour-visit.ts";
import { day, sats, short } from "./tour-words.ts";

type Item = { amount: number };
type Invoice = { id: string; status: string; amount: number; invoice: string; items: Item[] };
type List<T> = { items: T[]; total: number };

const DAY_SECONDS = 86_400;
const GIFT_WRAP = 1059;
const INBOX_LIST = 10050;

/** Walks two months of one tenant: billed, forgotten, suspended, paid, and then paid by itself. */
export async function walkMonths(
  { info }: Sandbox,
  api: Api,
  secret: Uint8Array,
  first: string,
  step: Step,
): Promise<void> {
  const anyone = apiClient(info.url, null);
  const relayOf = async (id: string) => expected(200, await api.get<Relay>(`/tenant/relays/${id}`));
  const open = async () =>
    expected(200, await api.get<List<Invoice>>("/tenant/invoices?status=pending")).items;
  const move = async (days: number) => {
    const body = { advance_seconds: days * DAY_SECONDS };
    const answer = await anyone.post<{ complete: boolean; now: number }>("/sandbox/clock", body);
    const { complete, now } = expected(200, answer);
    must(complete, "something was still in flight");
    return now;
  };
  const pay = async (bolt11: string) =>
    expected(200, await anyone.post<object>("/sandbox/pay", { bolt11 }));
  const payable = async (id: string): Promise<string> => {
    for (;;) {
      const found = (await open()).find((invoice) => invoice.id === id);
      if (found?.invoice) return found.invoice;
      await Bun.sleep(5);
    }
  };
  const untilStatus = async (id: string, status: string) => {
    while ((await relayOf(id)).status !== status) await Bun.sleep(5);
  };

  const second = await step(
    "second",
    "Add a second relay, plan growth, and a free one",
    async () => {
      const order = async (subdomain: string, plan: string) => {
        const body = { name: subdomain, subdomain, plan };
        const made = await api.post<{ relay: Relay; invoice: Invoice | null }>(
          "/tenant/relays",
          body,
        );
        const { relay, invoice } = expected(201, made);
        if (invoice) await pay(invoice.invoice);
        await untilStatus(relay.id, "active");
        return relay;
      };
      const growth = await order("long-pier", "growth");
      await order("small-jetty", "free");
      return { value: growth.id, say: ["Both are active."], data: { relay: growth.id } };
    },
  );

  const inbox = await step("inbox", "Say where you read messages (kind 10050)", async () => {
    const relay = await NostrRelay.connect(info.relay_url);
    const wraps: Parameters<typeof unwrapEvent>[0][] = [];
    relay.subscribe([{ kinds: [GIFT_WRAP], "#p": [api.pubkey] }], {
      onevent: (event) => wraps.push(event),
    });
    const created_at = Math.floor(Date.now() / 1000);
    const tags = [["relay", info.relay_url]];
    await relay.publish(finalizeEvent({ kind: INBOX_LIST, created_at, tags, content: "" }, secret));
    const say = ["Messages to you go there, sealed, and nowhere else."];
    return { value: { relay, wraps }, say, data: { relay: info.relay_url } };
  });

  const due = await step("month", "Move the clock a month", async () => {
    const now = await move(32);
    const [invoice, ...others] = await open();
    must(invoice !== undefined && others.length === 0, "there is not one open invoice");
    must(invoice.items.length === 2, `the invoice has ${invoice.items.length} items`);
    const say = [
      `It is ${day(now)}. One invoice for both paid relays: ${sats(invoice.amount)}.`,
      "They run on, in grace.",
    ];
    return { value: invoice, say, data: { invoice: invoice.id, amount: invoice.amount } };
  });

  await step("message", "Read the message that came with it (NIP-17)", async () => {
    while (inbox.wraps.length === 0) await Bun.sleep(5);
    const messages = inbox.wraps.map((wrap) => unwrapEvent(wrap, secret));
    const message = messages.find(({ content }) => content.includes(due.invoice));
    must(message !== undefined, "no message has the bolt11");
    const subject = message.tags.find(([name]) => name === "subject")?.[1] ?? "";
    return { value: null, say: [subject, short(due.invoice)], data: { subject } };
  });

  await step("suspended", "Forget it for a week", async () => {
    await move(7);
    const { status, url } = await relayOf(first);
    must(status === "suspended", `the relay is ${status}`);
    must((await readInformation(url)) === null, "a suspended relay still answers");
    const say = ["Suspended. Nobody answers at its address; name and data are kept."];
    return { value: null, say, data: { status } };
  });

  await step("again", "Ask for what is past due, and pay", async () => {
    // What is suspended and what still runs are billed apart.
    for (const relay of [first, second]) {
      const { status, open_invoice } = await relayOf(relay);
      const path = `/tenant/relays/${relay}/reactivate`;
      const id =
        status === "suspended"
          ? expected(200, await api.post<{ invoice: Invoice | null }>(path)).invoice?.id
          : open_invoice;
      must(Boolean(id) && id !== due.id, "what is suspended is not billed apart");
      await pay(await payable(id ?? ""));
      await untilStatus(relay, "active");
    }
    const { paid_through } = await relayOf(first);
    const say = [`Active again, paid through ${day(paid_through)}: dark days are not billed.`];
    return { value: null, say, data: { paid_through } };
  });

  await step("wallet", "Connect a wallet for recurring billing", async () => {
    const body = { nwc_url: info.tenant_nwc_url };
    const answer = await api.put<{ wallet: string }>("/tenant/billing", body);
    const { wallet } = expected(200, answer);
    return { value: null, say: [`The wallet is ${wallet}.`], data: { wallet } };
  });

  await step("paid", "Move the clock another month", async () => {
    const now = await move(32);
    must((await open()).length === 0, "an invoice is still open");
    const [last] = expected(200, await api.get<List<Invoice>>("/tenant/invoices")).items;
    must(last?.status === "paid", "the renewal is not paid");
    must((await relayOf(first)).status === "active", "the relay is not active");
    const say = [`It is ${day(now)}. ${sats(last.amount)} were paid by the wallet, an hour ahead.`];
    return { value: null, say, data: { invoice: last.id, amount: last.amount } };
  });

  await step("statement", "Read the accounts", async () => {
    type Statement = Record<"received" | "granted" | "applied" | "credit" | "refunded", number>;
    const all = expected(200, await api.get<Statement>("/tenant/statement"));
    const used = all.applied + all.credit + all.refunded;
    must(all.received + all.granted === used, "the accounts do not add up");
    const say = [`${sats(all.received)} received, ${sats(all.applied)} applied. It adds up.`];
    return { value: null, say, data: all };
  });
  inbox.relay.close();
}
