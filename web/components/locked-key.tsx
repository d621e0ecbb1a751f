import { createSignal, Show } from "solid-js";
import { lockKey } from "../lib/signers/locked-key.ts";
import { Button } from "../ui/button.tsx";
import { SecretField } from "../ui/secret-field.tsx";
import { CopyButton } from "./copy.tsx";

const PASSWORD_MIN = 8;

/** The secret key under a password (NIP-49): a copy that may lie where others can see it. */
const LockedKey = (props: { nsec: string; onSaved?: () => void }) => {
  const [password, setPassword] = createSignal("");
  const [problem, setProblem] = createSignal<string | null>(null);
  const [isBusy, setIsBusy] = createSignal(false);
  const [locked, setLocked] = createSignal<string | null>(null);
  async function lock(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (password().length < PASSWORD_MIN) {
      setProblem(`Use at least ${PASSWORD_MIN} characters.`);
      return;
    }
    setIsBusy(true);
    try {
      setLocked(await lockKey(props.nsec, password()));
      setPassword("");
    } finally {
      setIsBusy(false);
    }
  }
  return (
    <Show
      when={locked()}
      fallback={
        <form class="flex flex-col gap-3 pb-2" noValidate onSubmit={(event) => void lock(event)}>
          <SecretField
            label="A password for the copy"
            value={password()}
            onInput={(text) => {
              setProblem(null);
              setPassword(text);
            }}
            error={problem()}
            hint="Without it the copy is of no use, to you neither. We do not keep it."
          />
          <Button type="submit" size="small" class="self-start" busy={isBusy()}>
            Lock the copy
          </Button>
        </form>
      }
    >
      {(text) => (
        <div class="flex flex-col gap-3 pb-2" role="status">
          <p class="font-mono text-sm break-all">{text()}</p>
          <CopyButton
            text={text()}
            label="Copy the locked key"
            size="small"
            class="self-start"
            onCopied={() => props.onSaved?.()}
          />
        </div>
      )}
    </Show>
  );
};
export default LockedKey;
