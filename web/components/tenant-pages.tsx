import { createEffect, type JSX, on, onMount } from "solid-js";
import { follow } from "../lib/live/live.ts";
import { loadPagesAhead } from "../lib/page/lazy-page.ts";
import { login } from "../lib/signers/session.ts";
import { Connection } from "./connection.tsx";
import { Guard } from "./guard.tsx";

/** Around every page of a tenant's: logged in, and live. */
const TenantPages = (props: { children?: JSX.Element }) => {
  createEffect(on(() => login()?.pubkey ?? null, follow));
  onMount(loadPagesAhead);
  return (
    <Guard>
      <Connection />
      {props.children}
    </Guard>
  );
};
export default TenantPages;
