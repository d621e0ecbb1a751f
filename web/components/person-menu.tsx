import { useNavigate } from "@solidjs/router";
import { CircleUser, LogOut, Waves } from "lucide-solid";
import { type JSX, Show } from "solid-js";
import { leave } from "../lib/signers/session.ts";
import { short } from "../lib/words/format.ts";
import { Menu, MenuItem, MenuLabel, MenuSeparator } from "../ui/menu.tsx";

/** Who is logged in, their places, and the way out. Open when it appears: it was asked for. */
const PersonMenu = (props: {
  label: string;
  name: string | null;
  npub: string;
  trigger: JSX.Element;
  triggerClass: string;
}) => {
  const navigate = useNavigate();
  return (
    <Menu
      isOpenAtFirst
      label={props.label}
      triggerClass={props.triggerClass}
      trigger={props.trigger}
    >
      <MenuLabel>
        <Show when={props.name}>
          <span class="block max-w-64 truncate font-semibold text-ink">{props.name}</span>
        </Show>
        <span class="font-mono text-[13px]">{short(props.npub, 12, 6)}</span>
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
export default PersonMenu;
