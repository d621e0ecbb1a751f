import { createEffect, type JSX, on, onMount } from "solid-js";
import { loadPagesAhead } from "../lib/lazy-page.ts";
import { follow } from "../lib/live.ts";
import { login } from "../lib/session.ts";
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
