import { createSignal, onMount, Show } from "solid-js";
import { profile } from "../lib/people/profile.ts";
import { login } from "../lib/signers/session.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { SecretKey } from "./secret-key.tsx";

/** For who is about to lose the key that this browser holds: the last moment to save it. */
const LogOut = (props: { onStay: () => void; onLeave: () => void }) => {
  const [nsec, setNsec] = createSignal<string | null>(null);
  onMount(async () => {
    const who = login();
    const { keptNsec } = await import("../lib/signers/key.ts");
    setNsec(who && (await keptNsec(who)));
  });
  return (
    <Dialog
      open
      onOpenChange={(isOpen) => !isOpen && props.onStay()}
      title="Do you have your key?"
      description="Logging out removes your secret key from this browser, in every tab. Nobody else has it: without a copy you cannot come back. Other devices where you are logged in keep their own."
    >
      <Show when={nsec()}>{(key) => <SecretKey nsec={key()} name={profile()?.name ?? ""} />}</Show>
      <div class="mt-6 flex flex-wrap justify-end gap-2 max-sm:flex-col-reverse">
        <Button onClick={() => props.onStay()}>Stay logged in</Button>
        <Button variant="danger" onClick={() => props.onLeave()}>
          I have it: log out
        </Button>
      </div>
    </Dialog>
  );
};
export default LogOut;
