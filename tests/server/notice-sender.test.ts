import { expect, test } from "bun:test";
import type { Queries } from "../../db/index.ts";
import type { Host } from "../../server/host/host.ts";
import type { Rumor } from "../../server/nostr/direct-message.ts";
import { type Delivery, InboxUnreachable } from "../../server/nostr/direct-message-delivery.ts";
import { createNoticeSender } from "../../server/notice-sender.ts";
import { renewalInput, T0, TENANT } from "../machines/build.ts";
import { anInvoice, aRelay } from "../machines/lone-actor.ts";

const signal = AbortSignal.timeout(10_000);
const memo = <T>(make: () => Promise<T>): Promise<T> => make();

/** A sender over these actors, whose messages every inbox refuses; `sent` has them all. */
function senderOver(
  actors: Record<string, unknown>,
  sent: Rumor[] = [],
  outcome: Delivery = { state: "refused", relays: [{ url: "wss://in.example", reason: "no" }] },
) {
  return createNoticeSender({
    operator: { name: null, contact: null, links: {} },
    read: (async (id: string) => (actors[id] ? { persisted: actors[id] } : null)) as Host["read"],
    queries: {} as Queries,
    clock: { now: () => T0 },
    secretKey: new Uint8Array(32).fill(7),
    messenger: {
      deliver: async (rumor: Rumor) => {
        sent.push(rumor);
        return outcome;
      },
    } as never,
    publicUrl: () => "https://berth.example",
    relayUrl: (subdomain) => `wss://${subdomain}.example`,
  });
}

test("a receipt says what the wallet paid, and what credit did", async () => {
  const invoice = anInvoice(renewalInput({ creditSats: 3_000 }));
  const receipt = { paymentHash: "5a".repeat(32), preimage: null, sats: 7_000 };
  const send = senderOver({
    "invoice/i1": { context: { ...invoice.context, receipt }, value: "paid" },
    "relay/r1": { context: aRelay("basic").context, value: { status: "active" } },
  });
  const notice = { notice: "i1/receipt", invoice: "i1", stage: "receipt" as const, about: null };
  const { text } = await send({ ...notice, written: null }, { memo, signal, attempt: 1 });
  expect(text).toContain("wallet paid 7,000 sats, and your credit 3,000 sats.");
});

test("a message that was refused is sent again as it was, whatever has changed since", async () => {
  const invoice = anInvoice(renewalInput());
  const actors: Record<string, unknown> = {
    "invoice/i1": { context: invoice.context, value: "pending" },
    "relay/r1": { context: aRelay("basic").context, value: { status: "active" } },
  };
  const sent: Rumor[] = [];
  const send = senderOver(actors, sent);
  const due = { notice: "i1/due", invoice: "i1", stage: "due" as const, about: null };
  const first = await send({ ...due, written: null }, { memo, signal, attempt: 1 });
  expect(first).toMatchObject({ state: "refused", relays: ["wss://in.example"] });
  // It may have arrived all the same: its reader knows it again by its id.
  actors["relay/r1"] = {
    context: aRelay("basic", { name: "Toads" }).context,
    value: { status: "active" },
  };
  const { subject, text, writtenAt } = first;
  const again = await send(
    { ...due, written: { subject, text, writtenAt } },
    { memo, signal, attempt: 1 },
  );
  expect(again).toMatchObject({ subject, text, writtenAt });
  expect(sent.map(({ id }) => id)).toEqual([sent[0]?.id ?? "", sent[0]?.id ?? ""]);
  expect(sent[0]?.tags).toContainEqual(["p", TENANT]);
});

test("that nobody is known to have an inbox is believed once all who may know have had their time", async () => {
  const actors = {
    "invoice/i1": { context: anInvoice(renewalInput()).context, value: "pending" },
    "relay/r1": { context: aRelay("basic").context, value: { status: "active" } },
  };
  const due = { notice: "i1/due", invoice: "i1", stage: "due" as const, about: null };
  const unsure = senderOver(actors, [], { state: "no_inbox", isUnsure: true });
  const send = (attempt: number) => unsure({ ...due, written: null }, { memo, signal, attempt });
  await expect(send(1)).rejects.toBeInstanceOf(InboxUnreachable);
  await expect(send(11)).rejects.toBeInstanceOf(InboxUnreachable);
  expect(await send(12)).toMatchObject({ state: "no_inbox" });
  const sure = senderOver(actors, [], { state: "no_inbox" });
  const told = await sure({ ...due, written: null }, { memo, signal, attempt: 1 });
  expect(told).toMatchObject({ state: "no_inbox" });
});
