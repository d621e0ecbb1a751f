/** What is mine, followed from the first page that shows it until I log out: I sign for it once. */
import { createEffect, createRoot, on } from "solid-js";
import { login } from "../signers/session.ts";
import { createLive, type Live } from "./live.ts";

let mine: { pubkey: string; live: Live; end: () => void } | null = null;

/** Follows who is logged in. Who is followed already is not asked to sign for it again. */
export function followMine(pubkey: string): Live {
  if (mine?.pubkey === pubkey && mine.live.link().is !== "stopped") return mine.live;
  mine?.end();
  mine = createRoot((end) => ({
    pubkey,
    end,
    live: createLive({ path: "/tenant/events", tenant: pubkey }),
  }));
  return mine.live;
}

// Who logs out, on whichever page, is not followed any more.
createRoot(() =>
  createEffect(
    on(
      () => login()?.pubkey ?? null,
      (pubkey) => {
        if (mine === null || pubkey === mine.pubkey) return;
        mine.end();
        mine = null;
      },
    ),
  ),
);
