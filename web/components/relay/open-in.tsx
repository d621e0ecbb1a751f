import { ChevronDown, ExternalLink } from "lucide-solid";
import { For } from "solid-js";
import { clientsOf } from "../../lib/relays/state.ts";
import { buttonVariants } from "../../ui/button.tsx";
import { Menu, MenuItem } from "../../ui/menu.tsx";

/** Opens a relay at once in a client that takes its address in a link. */
const OpenIn = (props: { host: string }) => (
  <Menu
    label="Open in a client"
    triggerClass={buttonVariants({ size: "small" })}
    trigger={
      <>
        Open in
        <ChevronDown aria-hidden="true" />
      </>
    }
  >
    <For each={clientsOf(props.host)}>
      {({ name, href, what }) => (
        <MenuItem as="a" href={href} target="_blank" rel="noopener noreferrer">
          <span class="grow">
            {name} <span class="text-sm text-soft">{what}</span>
          </span>
          <ExternalLink aria-label="opens in a new tab" />
        </MenuItem>
      )}
    </For>
  </Menu>
);
export default OpenIn;
