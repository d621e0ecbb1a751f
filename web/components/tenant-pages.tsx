import { type JSX, onMount, Show } from "solid-js";
import { LiveContext } from "../lib/live/live.ts";
import { followMine } from "../lib/live/mine.ts";
import { loadPagesAhead } from "../lib/page/lazy-page.ts";
import { login } from "../lib/signers/session.ts";
import { Connection } from "./connection.tsx";
import { Guard } from "./guard.tsx";

/** Around every page of a tenant's: logged in, and live. */
const TenantPages = (props: { children?: JSX.Element }) => {
  onMount(loadPagesAhead);
  return (
    <Guard>
      <Show when={login()?.pubkey} keyed>
        {(pubkey) => (
          <LiveContext.Provider value={followMine(pubkey)}>
            <Connection />
            {props.children}
          </LiveContext.Provider>
        )}
      </Show>
    </Guard>
  );
};
export default TenantPages;
