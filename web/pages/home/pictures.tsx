/** Pictures of the product, made of its own parts. To look at: nothing in them can be used. */
import { clsx } from "clsx";
import { Check, Copy, Wallet } from "lucide-solid";
import { For, type JSX, Show } from "solid-js";
import { Mark } from "../../components/mark.tsx";
import { StateBadge } from "../../components/state-badge.tsx";
import { relayDomain, relayUrl } from "../../lib/page/settings.ts";
import { day, number, sats } from "../../lib/words/format.ts";

const DAY_MS = 86_400_000;
const now = Date.now();
const inDays = (days: number): string => day(now + days * DAY_MS, now);

/** One picture, as a whole described by `label`. */
const Picture = (props: { label: string; class?: string; children: JSX.Element }) => (
  <div
    role="img"
    aria-label={props.label}
    class={clsx(
      "min-w-0 overflow-hidden rounded-card border border-line bg-raised text-[15px] select-none",
      props.class,
    )}
  >
    {props.children}
  </div>
);

/** The subdomain's field of a new relay. */
export const NamePicture = (props: { class?: string }) => (
  <Picture
    label="The form of a new relay: the name bookclub is free."
    class={clsx("flex flex-col justify-center gap-1.5 p-5", props.class)}
  >
    <span class="font-semibold">Address</span>
    <span class="flex min-h-11 rounded-control border border-edge">
      <span class="flex items-center px-3">bookclub</span>
      <span class="ml-auto flex min-w-0 items-center rounded-r-[9px] border-l border-line bg-tint px-3 font-mono text-sm text-soft">
        <span class="truncate">.{relayDomain}</span>
      </span>
    </span>
    <span class="flex items-center gap-1.5 text-sm text-active">
      <Check class="size-4 shrink-0" stroke-width="2.5" /> This name is free.
    </span>
  </Picture>
);

/** The checkout: what is to be paid, and the machine's next steps. */
export const CheckoutPicture = (props: { class?: string }) => (
  <Picture
    label="The checkout: a QR code for 10,000 sats, waiting for your payment."
    class={clsx("flex items-center gap-5 p-5", props.class)}
  >
    <Qr class="w-[136px] shrink-0" />
    <span class="flex min-w-0 flex-col">
      <span class="font-display text-[26px] leading-tight font-bold tracking-[-0.025em]">
        {sats(10_000)}
      </span>
      <span class="mt-1 text-soft">Book club, one month of Basic</span>
      <span class="mt-3 text-sm text-soft">Waiting for your payment</span>
    </span>
  </Picture>
);

/** A relay's address, to be copied. */
export const AddressPicture = (props: { class?: string }) => (
  <Picture
    label="A running relay and its address."
    class={clsx("flex flex-col justify-center gap-3 p-5", props.class)}
  >
    <span class="flex items-center justify-between gap-3">
      <span class="font-display text-[22px] font-bold tracking-[-0.025em]">Book club</span>
      <StateBadge status="active" />
    </span>
    <span class="flex min-h-11 items-center gap-3 rounded-control bg-tint px-3">
      <span class="truncate font-mono text-sm">{relayUrl("bookclub")}</span>
      <Copy class="ml-auto size-4 shrink-0 text-soft" />
    </span>
    <span class="text-sm text-soft">Paid until {inDays(30)}</span>
  </Picture>
);

const ROWS = [
  { name: "Book club", at: "bookclub", status: "active", plan: "Basic", next: 24 },
  { name: "Makers of Lisbon", at: "makers", status: "grace", plan: "Growth", next: 4 },
  { name: "Test tank", at: "tank", status: "suspended", plan: "Basic", next: 0 },
] as const;
const nextOf = { active: "Renews", grace: "Pay by", suspended: "Pay to resume" } as const;

/** My relays. */
export const RelaysPicture = () => (
  <Picture label="The list of your relays: each with its state and what is due next.">
    <For each={ROWS}>
      {(row) => (
        <div class="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-0.5 border-line px-5 py-3.5 not-first:border-t">
          <span class="truncate font-semibold">{row.name}</span>
          <StateBadge status={row.status} class="row-span-2 justify-self-end" />
          <span class="truncate font-mono text-[13px] text-soft">{relayUrl(row.at)}</span>
          <span class="col-span-2 mt-1 text-sm text-soft">
            {row.plan} · {nextOf[row.status]} <Show when={row.next}>{inDays(row.next)}</Show>
          </span>
        </div>
      )}
    </For>
  </Picture>
);

/** A private message from Berth, in its own words. */
export const MessagePicture = () => (
  <Picture label="A private message: three days are left to pay." class="p-5">
    <div class="flex items-center gap-3">
      <span class="grid size-9 place-items-center rounded-full bg-tint">
        <Mark class="size-5" />
      </span>
      <span>
        <span class="block font-semibold">Berth</span>
        <span class="block text-sm text-soft">private message</span>
      </span>
    </div>
    <div class="mt-4 rounded-[14px] rounded-tl-[4px] bg-tint px-4 py-3">
      <p class="font-semibold">Less than 3 days left: {sats(10_000)} for Book club</p>
      <p class="mt-2">
        Your relay Book club is suspended on {inDays(3)} unless it is paid for. Less than 3 days are
        left to pay. Nothing is deleted.
      </p>
    </div>
  </Picture>
);

const BILLED = [
  { name: "Book club", plan: "Basic", sats: 10_000 },
  { name: "Makers of Lisbon", plan: "Growth", sats: 50_000 },
] as const;

/** A month's invoice, paid by a connected wallet. */
export const BillPicture = () => (
  <Picture label="An invoice of 60,000 sats for two relays, paid by your connected wallet.">
    <div class="flex items-center justify-between gap-3 px-5 py-4">
      <span class="font-display text-[26px] leading-tight font-bold tracking-[-0.025em]">
        {sats(60_000)}
      </span>
      <StateBadge status="paid" />
    </div>
    <For each={BILLED}>
      {(item) => (
        <div class="flex items-baseline justify-between gap-4 border-t border-line px-5 py-3">
          <span class="min-w-0">
            <span class="block truncate font-medium">{item.name}</span>
            <span class="block text-sm text-soft">
              {item.plan}, {inDays(0)} to {inDays(30)}
            </span>
          </span>
          <span class="font-mono text-sm">{number(item.sats)}</span>
        </div>
      )}
    </For>
    <div class="flex items-center gap-2.5 border-t border-line bg-tint px-5 py-3 text-sm text-soft">
      <Wallet class="size-4 shrink-0" /> Paid by your connected wallet. There is nothing for you to
      do.
    </div>
  </Picture>
);

/** Rows of a QR code, a bit a module: it says that it is a picture. */
const QR =
  "jvpfj a5a9t ek8yl ekzfh el6ql a62pt jvfy7 zy8 ixajh b11xm ixju8 gz958 2od7h 556uv 8dfr0 bmc8z 483xy 2q6s jtkrb a5bfe ejg1n ekvlf el7ua a7a18 jv1uv".split(
    " ",
  );
const path = QR.flatMap((row, y) =>
  [...Number.parseInt(row, 36).toString(2).padStart(QR.length, "0")].map((bit, x) =>
    bit === "1" ? `M${x} ${y}h1v1h-1z` : "",
  ),
).join("");

const Qr = (props: { class?: string }) => (
  <span class={clsx("block rounded-control bg-white p-2", props.class)}>
    <svg viewBox="0 0 25 25" aria-hidden="true" class="block" shape-rendering="crispEdges">
      <path d={path} class="fill-black" />
    </svg>
  </span>
);
