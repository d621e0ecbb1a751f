import { Printer } from "lucide-solid";
import { npubEncode } from "nostr-tools/nip19";
import { createMemo, For, type JSX, Show } from "solid-js";
import { meaningOf } from "../../../machines/describe.ts";
import { machines } from "../../../machines/index.ts";
import { wasCharged } from "../../../machines/invoice/context.ts";
import { plans } from "../../../machines/plans.ts";
import { lessUsed } from "../../../machines/tenant/served.ts";
import {
  BILL_STATES,
  type Bill,
  type BillStatus,
  itemOutcome,
  leftSats,
  PURPOSES,
} from "../../lib/billing/bill.ts";
import { buyer, setBuyer } from "../../lib/billing/buyer.ts";
import { closedWords } from "../../lib/billing/successor.ts";
import { type Live, useLive } from "../../lib/live/live.ts";
import { relayUrl } from "../../lib/page/settings.ts";
import { login } from "../../lib/signers/session.ts";
import { number, sats, short, utc } from "../../lib/words/format.ts";
import { Button, buttonVariants } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { inputClass } from "../../ui/field.tsx";
import { CopyButton } from "../copy.tsx";
import { StateBadge } from "../state-badge.tsx";

/** One invoice with all that proves it, fit to be printed. Null shows nothing. */
const Receipt = (props: { bill: Bill | null; onClose: () => void }) => (
  <Dialog
    open={props.bill !== null}
    onOpenChange={(isOpen) => !isOpen && props.onClose()}
    title={titleOf(props.bill)}
    class="max-w-[640px] print:max-w-none print:border-0 print:shadow-none"
  >
    <Show when={props.bill}>{(bill) => <Body bill={bill()} />}</Show>
  </Dialog>
);

export default Receipt;

const titleOf = (bill: Bill | null): string =>
  bill?.status !== "paid"
    ? "Invoice"
    : bill.receiptNumber === null
      ? "Receipt"
      : `Receipt ${bill.receiptNumber}`;

const Body = (props: { bill: Bill }) => {
  const live = useLive();
  const meaning = () => {
    const invoice = live.invoice(props.bill.id);
    return invoice ? closedWords(invoice) : meaningOf(machines.invoice, props.bill.status);
  };
  /** What was sold, where the feed knows it. */
  const planOf = (relay: string): string => {
    const items = live.invoice(props.bill.id)?.context.items ?? [];
    const item = items.find((one) => one.relay === relay);
    return item ? `${plans[item.plan].name} · ` : "";
  };
  const npub = () => npubEncode(login()?.pubkey ?? "0".repeat(64));
  const how = createMemo(() => howPaid(props.bill, live));
  return (
    <div data-receipt="" class="flex flex-col gap-5">
      <div class="flex flex-wrap items-center justify-between gap-3">
        <p class="font-display text-3xl font-bold tracking-[-0.025em]">
          {sats(props.bill.amountSats)}
        </p>
        <StateBadge status={props.bill.status} label={BILL_STATES[props.bill.status]} />
      </div>
      <p class="text-[15px] text-soft">{how() ?? meaning()}</p>

      <table class="w-full text-[15px]">
        <caption class="sr-only">What it is for</caption>
        <thead class="sr-only">
          <tr>
            <th scope="col">Relay and period</th>
            <th scope="col">Amount</th>
          </tr>
        </thead>
        <tbody class="border-y border-line">
          <For each={props.bill.items}>
            {(item) => (
              <tr class="border-b border-line last:border-0">
                <td class="py-2.5 pr-4">
                  <p class="font-medium wrap-anywhere">{live.nameOf(item.relay)}</p>
                  <Show when={live.relay(item.relay)?.context.subdomain}>
                    {(subdomain) => (
                      <p class="font-mono text-sm break-all text-soft">{relayUrl(subdomain())}</p>
                    )}
                  </Show>
                  <p class="text-sm text-soft">
                    {planOf(item.relay)}
                    {PURPOSES[item.kind]} · {utc(item.from)} – {utc(item.to)}
                    {item.usedMs > 0 && `, ${lessUsed(item.usedMs)}`}
                  </p>
                  <Show when={itemOutcome(item)}>
                    {(words) => <p class="text-sm text-soft">{words()}</p>}
                  </Show>
                </td>
                <td class="py-2.5 text-right align-top font-mono whitespace-nowrap">
                  {sats(item.sats)}
                </td>
              </tr>
            )}
          </For>
        </tbody>
        <tfoot>
          <Show when={props.bill.creditSats > 0}>
            <Sum words="From your credit" value={`−${number(props.bill.creditSats)} sats`} />
          </Show>
          <Sum words={OWED[props.bill.status]} value={sats(leftSats(props.bill))} isStrong />
        </tfoot>
      </table>

      <dl class="flex flex-col gap-2.5 text-[15px]">
        <Fact label="Invoice">
          <Proof value={props.bill.id} copy="Copy the invoice's number" />
        </Fact>
        <Fact label="For" note={buyer() === "" ? undefined : buyer()}>
          <Proof value={npub()} copy="Copy the npub" />
          <label class="mt-1 flex flex-wrap items-center gap-2 text-sm text-soft print:hidden">
            Name on receipts
            <input
              value={buyer()}
              maxLength={120}
              placeholder="a person or a company"
              class={`${inputClass} min-h-9 w-auto grow text-sm`}
              onInput={(event) => setBuyer(event.currentTarget.value)}
            />
          </label>
        </Fact>
        <Fact label="Written">{utc(props.bill.createdAt)}</Fact>
        <Show when={props.bill.paidAt}>{(at) => <Fact label="Paid">{utc(at())}</Fact>}</Show>
        <Show when={props.bill.paymentHash}>
          {(hash) => (
            <Fact label="Payment hash">
              <Proof value={hash()} copy="Copy the payment hash" />
            </Fact>
          )}
        </Show>
        <Show when={props.bill.preimage}>
          {(preimage) => (
            <Fact label="Preimage" note="Only who paid and who was paid know it: your proof.">
              <Proof value={preimage()} copy="Copy the preimage" />
            </Fact>
          )}
        </Show>
        <Show when={props.bill.bolt11}>
          {(bolt11) => (
            <Fact label="Lightning invoice">
              <Proof value={bolt11()} copy="Copy the Lightning invoice" isShort />
            </Fact>
          )}
        </Show>
      </dl>

      <div class="flex flex-wrap justify-end gap-2 print:hidden">
        <Button onClick={() => print()}>
          <Printer aria-hidden="true" /> Print
        </Button>
        <Show when={props.bill.status === "pending"}>
          <a href={`/account?invoice=${props.bill.id}`} class={buttonVariants({ variant: "buoy" })}>
            Pay
          </a>
        </Show>
      </div>
    </div>
  );
};

const OWED: Record<BillStatus, string> = {
  pending: "To pay over Lightning",
  paid: "Over Lightning",
  expired: "Would have been",
  void: "Would have been",
};

/** By what a paid invoice was paid; null for any other. */
function howPaid(bill: Bill, live: Live): string | null {
  if (bill.status !== "paid") return null;
  if (leftSats(bill) <= 0) return "Your credit paid it.";
  const invoice = live.invoice(bill.id)?.context;
  if (invoice?.receipt === null) return "The operator marked it as paid.";
  return invoice && wasCharged(invoice) ? "Your connected wallet paid it." : "Paid over Lightning.";
}

const Sum = (props: { words: string; value: string; isStrong?: boolean }) => (
  <tr class={props.isStrong ? "font-semibold" : "text-soft"}>
    <th scope="row" class="pt-2.5 pr-4 text-left font-[inherit]">
      {props.words}
    </th>
    <td class="pt-2.5 text-right font-mono whitespace-nowrap">{props.value}</td>
  </tr>
);

const Fact = (props: { label: string; note?: string | undefined; children: JSX.Element }) => (
  <div class="grid grid-cols-[132px_1fr] items-baseline gap-x-4 max-sm:grid-cols-1">
    <dt class="text-sm text-soft">{props.label}</dt>
    <dd class="min-w-0">
      {props.children}
      <Show when={props.note}>
        <p class="text-sm text-soft">{props.note}</p>
      </Show>
    </dd>
  </div>
);

/** A long value: its ends on the screen, all of it on paper and in the clipboard. */
const Proof = (props: { value: string; copy: string; isShort?: boolean }) => (
  <span class="flex items-center gap-1">
    <span class="min-w-0 truncate font-mono text-sm print:hidden">
      {short(props.value, 20, 10)}
    </span>
    <span class="hidden font-mono text-sm break-all print:inline">{props.value}</span>
    <CopyButton
      text={props.value}
      label={props.copy}
      size="icon"
      variant="ghost"
      class="-my-2.5 print:hidden"
    />
  </span>
);
