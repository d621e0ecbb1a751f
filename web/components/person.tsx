import { useLocation, useNavigate } from "@solidjs/router";
import { CircleUser, LogOut, Waves } from "lucide-solid";
import { npubEncode } from "nostr-tools/nip19";
import { createEffect, Show } from "solid-js";
import { short } from "../lib/format.ts";
import { loadProfile, profile } from "../lib/profile.ts";
import { leave, login } from "../lib/session.ts";
import { Menu, MenuItem, MenuLabel, MenuSeparator } from "../ui/menu.tsx";
import { Avatar } from "./avatar.tsx";

/** The person who is logged in: picture, name, and the way out. */
const Person = () => {
  const navigate = useNavigate();
  const location = useLocation();
  // Where somebody only looks around, nothing is signed for a name.
  createEffect(() => {
    if (login() && !["/", "/login"].includes(location.pathname)) void loadProfile();
  });
  const npub = () => npubEncode(login()?.pubkey ?? "0".repeat(64));
  const name = () => profile()?.name ?? short(npub());
  return (
    <Menu
      label={`You: ${name()}`}
      triggerClass="ml-1 grid size-10 place-items-center rounded-full hover:bg-tint"
      trigger={<Avatar pubkey={login()?.pubkey ?? ""} picture={profile()?.picture ?? null} />}
    >
      <MenuLabel>
        <Show when={profile()?.name}>
          <span class="block font-semibold text-ink">{profile()?.name}</span>
        </Show>
        <span class="font-mono text-[13px]">{short(npub(), 12, 6)}</span>
      </MenuLabel>
      <MenuSeparator />
      <MenuItem onSelect={() => navigate("/relays")}>
        <Waves aria-hidden="true" /> My relays
      </MenuItem>
      <MenuItem onSelect={() => navigate("/account")}>
        <CircleUser aria-hidden="true" /> Account
      </MenuItem>
      <MenuSeparator />
      <MenuItem onSelect={() => void leave().then(() => navigate("/"))}>
        <LogOut aria-hidden="true" /> Log out
      </MenuItem>
    </Menu>
  );
};
export default Person;
