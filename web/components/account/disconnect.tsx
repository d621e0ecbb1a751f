import { createSignal, Show } from "solid-js";
import { wordsOf } from "../../lib/api/api.ts";
import { setWallet } from "../../lib/billing/wallet.ts";
import { useLive } from "../../lib/live/live.ts";
import { Button } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { say } from "../../ui/toast.tsx";

/** Forgets the wallet, after saying what that means. */
export const Disconnect = (props: { onDone: () => void }) => {
  const live = useLive();
  const [isOpen, setIsOpen] = createSignal(false);
  const [isBusy, setIsBusy] = createSignal(false);
  const [problem, setProblem] = createSignal<string | null>(null);
  async function disconnect(): Promise<void> {
    setIsBusy(true);
    setProblem(null);
    try {
      await setWallet(null);
      setIsOpen(false);
      say("Your wallet is disconnected.");
      props.onDone();
    } catch (error) {
      setProblem(wordsOf(error));
    } finally {
      setIsBusy(false);
    }
  }
  return (
    <>
      <Button variant="danger" disabled={live.isSuspended()} onClick={() => setIsOpen(true)}>
        Disconnect
      </Button>
      <Dialog
        open={isOpen()}
        onOpenChange={(open) => {
          setIsOpen(open);
          setProblem(null);
        }}
        title="Disconnect your wallet?"
        description="Your relays keep running. From now on we write to you when an invoice is due, and you pay it by hand. We forget the connection; in your wallet you can delete it as well."
      >
        <Show when={problem()}>
          {(why) => (
            <Callout tone="suspended" role="alert" class="mb-4">
              {why()}
            </Callout>
          )}
        </Show>
        <div class="flex flex-wrap justify-end gap-2">
          <Button onClick={() => setIsOpen(false)}>Keep it</Button>
          <Button variant="danger" busy={isBusy()} onClick={disconnect}>
            Disconnect
          </Button>
        </div>
      </Dialog>
    </>
  );
};
