import { createHash } from "node:crypto";
import { NWCClient } from "@getalby/sdk/nwc";
import { npubEncode } from "nostr-tools/nip19";
import { finalizeEvent, generateSecretKey, getPublicKey } from "nostr-tools/pure";
import { apiClient } from "./api.ts";
import type { Sandbox } from "./sandbox.ts";
import { openFeed, type Revision } from "./tour-feed.ts";
import { walkMonths } from "./tour-months.ts";
import { expected, must, type Relay, type Step } from "./tour-step.ts";
import { readEvents, readInformation, visitRelay } from "./tour-visit.ts";
import { day, sats, short, stateOf, storyOf } from "./tour-words.ts";

type Invoice = { id: string; status: string; amount: number; invoice: string; expires_at: number };
type Ordered = { relay: Relay; invoice: Invoice | null };

const NAME = "Quiet Harbour";
const SUBDOMAIN = "quiet-harbour";
const DAY_SECONDS = 86_400;

/** Walks the main job, from a key to a year of bills, against a running sandbox. */
export async function walk(sandbox: Sandbox, step: Step): Promise<void> {
  const { info } = sandbox;
  const anyone = apiClient(info.url, null);

  const key = await step("key", "Make a key", async () => {
    const secret = generateSecretKey();
    const npub = npubEncode(getPublicKey(secret));
    const say = [short(npub), "A Nostr key is the whole account."];
    return { value: { secret, pubkey: getPublicKey(secret) }, say, data: { npub } };
  });
  const api = apiClient(info.url, key.secret);

  await step("hello", "Say hello", async () => {
    const tenant = expected(200, await api.get<{ status: string; credit: number }>("/tenant"));
    const say = [`You are a tenant: ${tenant.status}, ${sats(tenant.credit)} of credit.`];
    return { value: null, say, data: { status: tenant.status } };
  });
  const feed = await openFeed(info.url, key.secret, null);

  await step("name", "Look for a name", async () => {
    const answer = await anyone.get<{ available: boolean }>(`/subdomains/${SUBDOMAIN}`);
    const { available } = expected(200, answer);
    must(available, `${SUBDOMAIN} is not free`);
    return {
      value: null,
      say: [`${SUBDOMAIN}.${info.relay_domain} is free.`],
      data: { available },
    };
  });

  const { relay, invoice } = await step("order", "Order a relay, plan basic", async () => {
    const order = { name: NAME, subdomain: SUBDOMAIN, description: "", plan: "basic" };
    const made = expected(201, await api.post<Ordered>("/tenant/relays", order));
    const { relay, invoice } = made;
    must(invoice !== null, "a paid plan came without an invoice");
    const say = [`${relay.url} is reserved for you. It waits for your payment.`];
    return { value: { relay, invoice }, say, data: { relay: relay.id, status: relay.status } };
  });
  const readRelay = async () => expected(200, await api.get<Relay>(`/tenant/relays/${relay.id}`));

  await step("invoice", "Read the invoice", async () => {
    const { amount, expires_at, invoice: bolt11 } = invoice;
    must(bolt11?.startsWith("lnbcrt"), "the invoice has no bolt11 of the sandbox's network");
    const say = [`${sats(amount)}, payable until ${day(expires_at)}.`, short(bolt11)];
    return { value: null, say, data: { invoice: invoice.id, amount, bolt11 } };
  });

  const paidAt = await step("pay", "Pay it from a wallet, over Nostr Wallet Connect", async () => {
    const wallet = new NWCClient({ nostrWalletConnectUrl: info.tenant_nwc_url });
    try {
      const { preimage } = await wallet.payInvoice({ invoice: invoice.invoice });
      const hash = createHash("sha256").update(Buffer.from(preimage, "hex")).digest("hex");
      const say = [`Paid. Preimage ${short(preimage)}`];
      return { value: performance.now(), say, data: { payment_hash: hash, preimage } };
    } finally {
      wallet.close();
    }
  });

  await step("active", "Watch it become active, on the live feed", async () => {
    await feed.until(isRelay(relay.id, "active"));
    const ms = Math.round(performance.now() - paidAt);
    const states = feed.revisions.filter(({ actor }) => actor === `relay/${relay.id}`);
    const seen = [...new Set(states.map(({ snapshot }) => statusOf(snapshot.value)))];
    const { paid_through } = await readRelay();
    const say = [
      `${seen.join(" → ")}, ${ms} ms after the payment.`,
      `Paid through ${day(paid_through)}.`,
    ];
    return { value: null, say, data: { states: seen, after_payment_ms: ms, paid_through } };
  });

  await step("nip11", "Ask the relay who it is (NIP-11)", async () => {
    const information = await readInformation(relay.url);
    must(information?.name === NAME, `nobody called ${NAME} answers at ${relay.url}`);
    const { name, pubkey, supported_nips: nips } = information;
    must(pubkey === key.pubkey, "the relay belongs to somebody else");
    const say = [
      `${name}, and it is yours. It speaks ${nips.length} protocols of Nostr and Blossom.`,
    ];
    return { value: null, say, data: { name, pubkey, supported_nips: nips } };
  });

  const note = await step(
    "note",
    "Connect as its owner (NIP-42), write and read a note",
    async () => {
      const created_at = Math.floor(Date.now() / 1000);
      const template = { kind: 1, created_at, tags: [], content: "The first boat is in." };
      const written = finalizeEvent(template, key.secret);
      await visitRelay(relay.url, key.secret, async (visited) => {
        await visited.publish(written);
        const [read] = await readEvents(visited, [written.id]);
        must(read?.sig === written.sig, "the note that was published cannot be read");
      });
      return { value: written.id, say: [`“${written.content}”`], data: { note: written.id } };
    },
  );
  const noteIsThere = () =>
    visitRelay(relay.url, key.secret, async (visited) => {
      must((await readEvents(visited, [note])).length === 1, "the note is gone");
    });

  await step("journal", "Read what the live stream told of both", async () => {
    const stored = await openFeed(info.url, key.secret, feed.beginning());
    const last = feed.revisions.at(-1)?.seq ?? 0;
    await stored.until(({ seq }) => seq >= last);
    stored.close();
    const told = (actor: string): Revision[] => {
      const isOfIt = (revision: Revision) => revision.actor === actor;
      const all = feed.revisions.filter(isOfIt);
      must(isInOrder(all), `the stream told of ${actor} out of order`);
      must(all.at(-1)?.rev === stored.revisions.findLast(isOfIt)?.rev, `${actor} is not as told`);
      return all;
    };
    const [ofRelay, ofInvoice] = [told(`relay/${relay.id}`), told(`invoice/${invoice.id}`)];
    const say = ["relay", ...storyOf(ofRelay), "invoice", ...storyOf(ofInvoice)];
    const states = (all: Revision[]) => all.map(({ snapshot }) => stateOf(snapshot.value));
    return { value: null, say, data: { relay: states(ofRelay), invoice: states(ofInvoice) } };
  });

  await step("clock", "Move the clock a day", async () => {
    const body = { advance_seconds: DAY_SECONDS };
    const answer = await anyone.post<{ complete: boolean; now: number }>("/sandbox/clock", body);
    const { complete, now } = expected(200, answer);
    must(complete, "something was still in flight");
    must((await readRelay()).status === "active", "the relay is not active any more");
    const path = `/tenant/invoices/${invoice.id}`;
    const { status } = expected(200, await api.get<Invoice>(path));
    must(status === "paid", `the invoice is ${status}`);
    await noteIsThere();
    const say = [`It is ${day(now)}. The relay is active, the invoice paid, the note there.`];
    return { value: null, say, data: { now } };
  });

  await step("off", "Deactivate it", async () => {
    const path = `/tenant/relays/${relay.id}`;
    const { status } = expected(200, await api.delete<Relay>(path));
    must(status === "deactivated", `the relay is ${status}`);
    while ((await readInformation(relay.url)) !== null) await Bun.sleep(5);
    const say = ["Nobody answers at its address. Name and data are kept for you."];
    return { value: null, say, data: { status } };
  });

  await step("back", "Bring it back, for free", async () => {
    const since = feed.revisions.at(-1)?.seq ?? 0;
    const path = `/tenant/relays/${relay.id}/reactivate`;
    const again = expected(200, await api.post<Ordered>(path));
    must(again.invoice === null, "what is paid for was billed again");
    const isBack = isRelay(relay.id, "active");
    await feed.until((revision) => revision.seq > since && isBack(revision));
    await noteIsThere();
    const { schema, paid_through } = await readRelay();
    must(schema === relay.schema, "it came back somewhere else");
    const say = [`Active again, paid through ${day(paid_through)}, and the note is there.`];
    return { value: null, say, data: { status: "active", paid_through } };
  });
  feed.close();
  await walkMonths(sandbox, api, key.secret, relay.id, step);
}

const statusOf = (value: unknown): string => {
  const { status } = value as { status: string | Record<string, unknown> };
  return typeof status === "string" ? status : (Object.keys(status)[0] ?? "");
};

const isRelay =
  (id: string, status: string) =>
  ({ actor, snapshot }: Revision): boolean =>
    actor === `relay/${id}` && statusOf(snapshot.value) === status;

/** Each newer than the one before; what changed twice at once is told as it is then. */
const isInOrder = (revisions: readonly Revision[]): boolean =>
  revisions.length > 0 &&
  revisions.every(({ rev }, index) => index === 0 || rev > (revisions[index - 1]?.rev ?? rev));
