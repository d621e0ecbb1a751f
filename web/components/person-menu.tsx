import { useNavigate } from "@solidjs/router";
import { CircleUser, LogOut, Waves } from "lucide-solid";
import { createSignal, type JSX, Show, Suspense } from "solid-js";
import { lazyPage } from "../lib/page/lazy-page.ts";
import { leave, login } from "../lib/signers/session.ts";
import { short } from "../lib/words/format.ts";
import { Menu, MenuItem, MenuLabel, MenuSeparator } from "../ui/menu.tsx";

const AskLogOut = lazyPage(() => import("./log-out.tsx"));

/** Who is logged in, their places, and the way out. Open when it appears: it was asked for. */
const PersonMenu = (props: {
  label: string;
  name: string | null;
  npub: string;
  trigger: JSX.Element;
  triggerClass: string;
}) => {
  const navigate = useNavigate();
  const [isAsking, setIsAsking] = createSignal(false);
  /** Its key is in this browser, and goes with the login. */
  const holdsKey = () => login()?.method === "key";
  const goAway = (): void => void leave().then(() => navigate("/"));
  return (
    <>
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
        <MenuItem onSelect={() => (holdsKey() ? setIsAsking(true) : goAway())}>
          <LogOut aria-hidden="true" /> Log out
        </MenuItem>
        <p class="max-w-64 px-3 pb-1.5 text-[13px] text-soft">
          In every tab of this browser. Other devices stay logged in.
        </p>
      </Menu>
      <Show when={isAsking()}>
        <Suspense>
          <AskLogOut onStay={() => setIsAsking(false)} onLeave={goAway} />
        </Suspense>
      </Show>
    </>
  );
};
export default PersonMenu;
