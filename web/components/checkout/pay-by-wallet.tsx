import { Wallet } from "lucide-solid";
import { createSignal, Show } from "solid-js";
import { wordsOf } from "../../lib/api/api.ts";
import { chargeOf } from "../../lib/billing/due.ts";
import { payByWallet } from "../../lib/billing/wallet.ts";
import type { InvoiceReplica } from "../../lib/live/live.ts";
import { Button } from "../../ui/button.tsx";
import { Words } from "../account/words.tsx";

/** The connected wallet pays this one now, at one click, and says why where it would not. */
const PayByWallet = (props: { invoice: InvoiceReplica }) => {
  const [isAsking, setIsAsking] = createSignal(false);
  const [problem, setProblem] = createSignal<string | null>(null);
  const isPaying = () => props.invoice.hasTag("charging");
  async function pay(): Promise<void> {
    setIsAsking(true);
    setProblem(null);
    try {
      await payByWallet(props.invoice.context.id);
    } catch (error) {
      setProblem(wordsOf(error));
    } finally {
      setIsAsking(false);
    }
  }
  return (
    <>
      <Button busy={isAsking() || isPaying()} onClick={() => void pay()} class="sm:col-span-2">
        <Wallet aria-hidden="true" />
        {isPaying() ? "Your wallet is asked" : "Pay with your connected wallet"}
      </Button>
      <div role="status" class="sm:col-span-2 empty:hidden">
        <Show when={!isPaying() && chargeOf(props.invoice)}>
          {(words) => <Words words={words()} />}
        </Show>
      </div>
      <Show when={problem()}>
        <p role="alert" class="text-sm text-suspended sm:col-span-2">
          {problem()}
        </p>
      </Show>
    </>
  );
};

export default PayByWallet;
