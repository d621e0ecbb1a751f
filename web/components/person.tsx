import { useLocation } from "@solidjs/router";
import { npubEncode } from "nostr-tools/nip19";
import { createEffect, createSignal, lazy, Show, Suspense } from "solid-js";
import { loadProfile, profile } from "../lib/people/profile.ts";
import { login } from "../lib/signers/session.ts";
import { short } from "../lib/words/format.ts";
import { Avatar } from "./avatar.tsx";

const loadMenu = () => import("./person-menu.tsx");
const PersonMenu = lazy(loadMenu);
const triggerClass = "ml-1 grid size-10 place-items-center rounded-full hover:bg-tint";

/** The person who is logged in. What their picture opens is loaded when it is reached for. */
const Person = () => {
  const location = useLocation();
  const [isWanted, setIsWanted] = createSignal(false);
  // Where somebody only looks around, nothing is signed for a name.
  createEffect(() => {
    if (login() && !["/", "/login"].includes(location.pathname)) void loadProfile();
  });
  const npub = () => npubEncode(login()?.pubkey ?? "0".repeat(64));
  const name = () => profile()?.name ?? short(npub());
  const label = () => `You: ${name()}`;
  const picture = () => (
    <Avatar pubkey={login()?.pubkey ?? ""} picture={profile()?.picture ?? null} />
  );
  const Closed = () => (
    <button
      type="button"
      aria-haspopup="true"
      aria-expanded="false"
      aria-label={label()}
      class={triggerClass}
      onPointerEnter={() => void loadMenu()}
      onFocus={() => void loadMenu()}
      onClick={() => setIsWanted(true)}
    >
      {picture()}
    </button>
  );
  return (
    <Show when={isWanted()} fallback={<Closed />}>
      <Suspense fallback={<Closed />}>
        <PersonMenu
          label={label()}
          name={profile()?.name ?? null}
          npub={npub()}
          trigger={picture()}
          triggerClass={triggerClass}
        />
      </Suspense>
    </Show>
  );
};
export default Person;
