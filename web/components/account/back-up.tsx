import { createSignal, Show } from "solid-js";
import { profile } from "../../lib/people/profile.ts";
import { login } from "../../lib/signers/session.ts";
import { Button } from "../../ui/button.tsx";
import { SecretKey } from "../secret-key.tsx";

/** For whose key this browser holds: to save it before it goes with a logout. */
export const BackUp = () => {
  const [nsec, setNsec] = createSignal<string | null>(null);
  const [problem, setProblem] = createSignal<string | null>(null);
  async function open(): Promise<void> {
    const who = login();
    const { keptNsec } = await import("../../lib/signers/key.ts");
    const found = who && (await keptNsec(who));
    if (found) setNsec(found);
    else setProblem("Your key is not kept in this browser: it ends with this page.");
  }
  return (
    <Show when={login()?.method === "key"}>
      <div class="mt-4 flex flex-col gap-3">
        <p class="max-w-[68ch] text-[15px] text-soft">
          This browser holds your secret key. Logging out removes it from here, and nobody else has
          it: keep a copy in a password manager, or on paper.
        </p>
        <Show
          when={nsec()}
          fallback={
            <Button class="self-start max-sm:w-full" onClick={() => void open()}>
              Back up my key
            </Button>
          }
        >
          {(key) => <SecretKey nsec={key()} name={profile()?.name ?? ""} />}
        </Show>
        <Show when={problem()}>
          <p role="alert" class="text-[15px] text-suspended">
            {problem()}
          </p>
        </Show>
      </div>
    </Show>
  );
};
