import { createSignal, Show } from "solid-js";
import { dueSats } from "../../../machines/invoice/context.ts";
import { ApiProblem, wordsOf } from "../../lib/api/api.ts";
import { namesOf } from "../../lib/billing/bill.ts";
import { connectionProblem, setWallet, type Warning } from "../../lib/billing/wallet.ts";
import { useLive } from "../../lib/live/live.ts";
import { sats } from "../../lib/words/format.ts";
import { Button } from "../../ui/button.tsx";
import { SecretField } from "../../ui/secret-field.tsx";
import { say } from "../../ui/toast.tsx";
import { SUSPENDED_WHY } from "./suspended.ts";

/** Takes a connection, has the wallet asked, and says what is wrong with it where it stands. */
export const WalletForm = (props: {
  isAnother: boolean;
  onConnected: (warnings: Warning[]) => void;
}) => {
  const live = useLive();
  // In this field alone, and no longer than it takes.
  const [url, setUrl] = createSignal("");
  const [problem, setProblem] = createSignal<string | null>(null);
  const [isBusy, setIsBusy] = createSignal(false);
  let field: HTMLInputElement | undefined;

  /** The open renewal, which the wallet is asked to pay as soon as it is connected. */
  const due = () => {
    const id = live.tenant()?.context.renewal?.invoice;
    const invoice = id === undefined ? undefined : live.invoice(id);
    return invoice?.matches("pending") ? invoice.context : null;
  };

  async function connect(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const text = url().trim();
    const wrong = connectionProblem(text);
    setProblem(wrong);
    if (wrong !== null) {
      field?.focus();
      return;
    }
    setIsBusy(true);
    try {
      const { warnings } = await setWallet(text);
      setUrl("");
      say("Your wallet is connected.");
      props.onConnected(warnings);
    } catch (error) {
      setProblem((error instanceof ApiProblem && error.fields.nwc_url) || wordsOf(error));
      // It is enabled again only after this.
      setTimeout(() => field?.focus());
    } finally {
      setIsBusy(false);
    }
  }

  return (
    <form class="flex flex-col gap-4" onSubmit={connect} noValidate>
      <SecretField
        ref={(element) => {
          field = element;
        }}
        label={props.isAnother ? "New connection" : "Connection from your wallet"}
        value={url()}
        onInput={(value) => {
          setUrl(value);
          setProblem(null);
        }}
        error={problem()}
        disabled={isBusy() || live.isSuspended()}
        maxLength={2000}
        placeholder="nostr+walletconnect://…"
        hint={
          live.isSuspended()
            ? SUSPENDED_WHY
            : "It is a secret: we keep it sealed, and never show it again."
        }
      />
      <Show when={due()}>
        {(invoice) => (
          <p class="text-[15px]">
            What is due is charged at once: {sats(dueSats(invoice()))} for{" "}
            {namesOf(invoice(), live.nameOf)}.
          </p>
        )}
      </Show>
      <div class="flex flex-wrap items-center gap-x-4 gap-y-2">
        <Button type="submit" variant="buoy" busy={isBusy()} disabled={live.isSuspended()}>
          {isBusy() ? "Asking your wallet" : "Connect the wallet"}
        </Button>
        <p role="status" class="text-sm text-soft">
          {isBusy() && "This can take up to 15 seconds. Nothing is charged by asking."}
        </p>
      </div>
    </form>
  );
};
