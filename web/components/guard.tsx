import { useLocation, useNavigate } from "@solidjs/router";
import { createEffect, type JSX, Show } from "solid-js";
import { login } from "../lib/session.ts";

/** A page for who is logged in; anyone else logs in first, and comes back to it. */
export const Guard = (props: { children?: JSX.Element }) => {
  const navigate = useNavigate();
  const location = useLocation();
  createEffect(() => {
    if (login() === null)
      navigate(`/login?to=${encodeURIComponent(location.pathname + location.search)}`, {
        replace: true,
      });
  });
  return <Show when={login()}>{props.children}</Show>;
};
