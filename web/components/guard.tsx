import { useLocation, useNavigate } from "@solidjs/router";
import { createEffect, type JSX, Show } from "solid-js";
import { login } from "../lib/signers/session.ts";

/**
 * A page for who is logged in; anyone else logs in first, and comes back to it. It begins anew with each
 * person, so that nothing that one was shown is left for the next.
 */
export const Guard = (props: { children?: JSX.Element }) => {
  const navigate = useNavigate();
  const location = useLocation();
  createEffect(() => {
    if (login() === null)
      navigate(`/login?to=${encodeURIComponent(location.pathname + location.search)}`, {
        replace: true,
      });
  });
  return (
    <Show when={login()?.pubkey} keyed>
      {(_pubkey) => props.children}
    </Show>
  );
};
