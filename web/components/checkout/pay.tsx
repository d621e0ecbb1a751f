import { ExternalLink, Wallet, Zap } from "lucide-solid";
import { createEffect, createSignal, Match, onCleanup, Show, Suspense, Switch } from "solid-js";
import { meaningOf } from "../../../machines/describe.ts";
import { invoiceMachine } from "../../../machines/invoice/machine.ts";
import { api, ask, wordsOf } from "../../lib/api/api.ts";
import { setPayable } from "../../lib/billing/paying.ts";
import { hasWebLn, payByWebLn } from "../../lib/billing/webln.ts";
import { createNow } from "../../lib/live/clock.ts";
import { type InvoiceReplica, useLive } from "../../lib/live/live.ts";
import { lazyPage } from "../../lib/page/lazy-page.ts";
import { countdown } from "../../lib/words/format.ts";
import { Button, buttonVariants } from "../../ui/button.tsx";
import { Spinner } from "../../ui/spinner.tsx";
import { CopyButton } from "../copy.tsx";
import { QrCode } from "../qr.tsx";
import { Time } from "../time.tsx";

const PayByWallet = lazyPage(() => import("./pay-by-wallet.tsx"));

/** For who connected a wallet. */
const WalletPays = (props: { invoice: InvoiceReplica }) => {
  const live = useLive();
  return (
    <Show when={live.tenant()?.matches({ wallet: "connected" })}>
      <Suspense>
        <PayByWallet invoice={props.invoice} />
      </Suspense>
    </Show>
  );
};

const DAY_MS = 86_400_000;

/** The ways to pay an invoice that is open, or what is in the way of one. */
export const CheckoutPay = (props: { invoice: InvoiceReplica }) => {
  const bolt11 = () =>
    props.invoice.hasTag("payable") ? (props.invoice.context.bolt11 ?? undefined) : undefined;
  createEffect(() => setPayable(bolt11()?.bolt11 ?? null));
  onCleanup(() => setPayable(null));
  return (
    <Switch fallback={<Making invoice={props.invoice} />}>
      <Match when={bolt11()}>
        {(found) => (
          <Payable
            id={props.invoice.context.id}
            bolt11={found().bolt11}
            until={Math.min(found().expiresAt, props.invoice.context.closesAt ?? found().expiresAt)}
            invoice={props.invoice}
          />
        )}
      </Match>
      <Match when={props.invoice.matches({ pending: "dormant" })}>
        <Dormant invoice={props.invoice} />
      </Match>
    </Switch>
  );
};

const Payable = (props: {
  id: string;
  bolt11: string;
  /** When it can no longer be paid, epoch ms. */
  until: number;
  invoice: InvoiceReplica;
}) => {
  const live = useLive();
  const now = createNow();
  const leftMs = () => props.until - now();
  /** When the first of what a renewal is for would be suspended; null where it is no matter of days. */
  const darkAt = (): number | null => {
    if (props.invoice.context.purpose !== "renewal") return null;
    const ends = props.invoice.context.items.flatMap(
      ({ relay }) => live.relay(relay)?.context.graceEnds ?? [],
    );
    return ends.length === 0 ? null : Math.min(...ends);
  };
  return (
    <>
      <div class="rise mx-auto w-[340px] max-w-full rounded-card border border-line bg-white p-3">
        <a
          href={`lightning:${props.bolt11}`}
          aria-label="Open this invoice in your wallet"
          class="block rounded-[8px]"
        >
          <QrCode
            text={`LIGHTNING:${props.bolt11.toUpperCase()}`}
            label="QR code of the Lightning invoice"
            class="block w-full"
          />
        </a>
      </div>
      {/* One date: where a relay would go dark, that is the one that counts. */}
      <p class="mt-3 text-center text-[15px] text-soft">
        <Switch>
          <Match when={darkAt()}>
            {(at) => (
              <>
                Pay by <Time at={at()} form="date" />: until then it keeps running. After that it is
                suspended, and nothing is deleted.
              </>
            )}
          </Match>
          <Match when={leftMs() > 2 * DAY_MS}>
            Can be paid until <Time at={props.until} form="date" />
          </Match>
          <Match when={true}>
            Can be paid for{" "}
            <span role="timer" class="font-mono text-ink tabular-nums">
              {countdown(leftMs())}
            </span>
          </Match>
        </Switch>
      </p>
      <div class="mt-5 grid gap-2 sm:grid-cols-2">
        <a href={`lightning:${props.bolt11}`} class={buttonVariants({ variant: "buoy" })}>
          <ExternalLink aria-hidden="true" /> Open in wallet
        </a>
        <CopyButton text={props.bolt11} label="Copy invoice" />
        <Show when={hasWebLn()}>
          <PayHere bolt11={props.bolt11} />
        </Show>
        <WalletPays invoice={props.invoice} />
        <AskNow id={props.id} />
      </div>
    </>
  );
};

/** A wallet in the browser pays with one click. */
const PayHere = (props: { bolt11: string }) => {
  const [isPaying, setIsPaying] = createSignal(false);
  const [problem, setProblem] = createSignal<string | null>(null);
  async function pay(): Promise<void> {
    setIsPaying(true);
    setProblem(null);
    try {
      await payByWebLn(props.bolt11);
    } catch {
      setProblem("Your browser's wallet did not pay. The other ways are still open.");
    } finally {
      setIsPaying(false);
    }
  }
  return (
    <div class="contents">
      <Button busy={isPaying()} onClick={pay} class="sm:col-span-2">
        <Zap aria-hidden="true" /> Pay with this browser's wallet
      </Button>
      <Show when={problem()}>
        {(words) => (
          <p role="alert" class="text-sm text-suspended sm:col-span-2">
            {words()}
          </p>
        )}
      </Show>
    </div>
  );
};

/** For who paid and sees nothing happen. Nothing depends on it. */
const AskNow = (props: { id: string }) => {
  const [isAsking, setIsAsking] = createSignal(false);
  const [answer, setAnswer] = createSignal<{ text: string; isBad: boolean } | null>(null);
  async function check(): Promise<void> {
    setIsAsking(true);
    setAnswer(null);
    try {
      const { status } = await ask(api.tenant.invoices({ id: props.id }).check.post());
      if (status === "pending")
        setAnswer({
          text: "Our wallet has not seen it yet. Most payments arrive within seconds, some take a few minutes. We keep looking.",
          isBad: false,
        });
    } catch (error) {
      setAnswer({ text: wordsOf(error), isBad: true });
    } finally {
      setIsAsking(false);
    }
  }
  return (
    <>
      <Button busy={isAsking()} onClick={check} class="sm:col-span-2">
        <Wallet aria-hidden="true" />
        I've paid the invoice
      </Button>
      <p
        role="status"
        class="text-[15px] sm:col-span-2"
        classList={{ "text-suspended": answer()?.isBad, "text-soft": !answer()?.isBad }}
      >
        {answer()?.text}
      </p>
    </>
  );
};

/** It has no bolt11, or one that ran out: the next is made when somebody wants to pay. */
const Dormant = (props: { invoice: InvoiceReplica }) => {
  const isFirst = () => props.invoice.context.bolt11 === null;
  const [isAsking, setIsAsking] = createSignal(false);
  const [problem, setProblem] = createSignal<string | null>(null);
  async function reissue(): Promise<void> {
    setIsAsking(true);
    setProblem(null);
    try {
      await ask(api.tenant.invoices({ id: props.invoice.context.id }).reissue.post());
    } catch (error) {
      setProblem(wordsOf(error));
    } finally {
      setIsAsking(false);
    }
  }
  return (
    <div class="rounded-card border border-line bg-raised p-6 text-center">
      <p>
        {isFirst()
          ? "It can be paid whenever you want. The Lightning invoice is made when you ask for it."
          : "The Lightning invoice has run out. The bill can still be paid: ask for a new one."}
      </p>
      <Button variant="buoy" class="mt-4" busy={isAsking()} onClick={reissue}>
        {isFirst() ? "Get a Lightning invoice" : "Get a new Lightning invoice"}
      </Button>
      <div class="mt-2">
        <WalletPays invoice={props.invoice} />
      </div>
      <Show when={problem()}>
        {(words) => (
          <p role="alert" class="mt-3 text-[15px] text-suspended">
            {words()}
          </p>
        )}
      </Show>
    </div>
  );
};

const LONG_MS = 5_000;

/** Between invoices: one is made, or our wallet is asked a last time. */
const Making = (props: { invoice: InvoiceReplica }) => {
  const now = createNow();
  const isLong = () => now() - props.invoice.at > LONG_MS;
  const isBlocked = () => props.invoice.matches({ pending: "blocked" });
  return (
    <div class="mx-auto flex aspect-square w-[340px] max-w-full flex-col items-center justify-center gap-3 rounded-card border border-line bg-raised p-6 text-center">
      <Show when={!isBlocked()}>
        <Spinner class="size-6 text-harbour" />
      </Show>
      <p>{meaningOf(invoiceMachine, props.invoice.value)}</p>
      <Show when={isLong() && !isBlocked()}>
        <p class="text-[15px] text-soft">
          This takes longer than usual: our wallet does not answer. We keep trying, and nothing runs
          out meanwhile. You can close this page and come back.
        </p>
      </Show>
    </div>
  );
};
