import { npubEncode } from "nostr-tools/nip19";
import { createSignal } from "solid-js";
import { profile } from "../../lib/people/profile.ts";
import { leave } from "../../lib/signers/session.ts";
import { short } from "../../lib/words/format.ts";
import { Button } from "../../ui/button.tsx";
import { Avatar } from "../avatar.tsx";
import { LoginStep } from "./step.tsx";

/** For who is logged in already: on, or as somebody else. */
export const LoginAlready = (props: { pubkey: string; onGo: () => void }) => {
  const [isLeaving, setIsLeaving] = createSignal(false);
  const npub = () => npubEncode(props.pubkey);
  const switchPerson = async (): Promise<void> => {
    setIsLeaving(true);
    await leave();
  };
  return (
    <LoginStep title="You are logged in" isFirst>
      <div class="flex items-center gap-4 rounded-card border border-line bg-raised p-4">
        <Avatar pubkey={props.pubkey} picture={profile()?.picture ?? null} class="size-11" />
        <div class="min-w-0">
          <p class="truncate font-semibold">{profile()?.name ?? "You"}</p>
          <p class="truncate font-mono text-sm text-soft">{short(npub(), 14, 8)}</p>
        </div>
      </div>
      <div class="flex flex-wrap gap-3">
        <Button variant="buoy" onClick={() => props.onGo()}>
          Go on
        </Button>
        <Button busy={isLeaving()} onClick={switchPerson}>
          Log in as somebody else
        </Button>
      </div>
      <p class="text-sm text-soft">
        Logging in as somebody else logs you out here first. A key that is kept in this browser is
        forgotten.
      </p>
    </LoginStep>
  );
};
