import { A } from "@solidjs/router";
import { Info } from "lucide-solid";
import type { RelayReplica } from "../../lib/live/live.ts";
import { checkoutOf } from "../../lib/relays/acts.ts";
import { Time } from "../time.tsx";

/** A name that is taken by one's own order, which waits to be paid. */
export const OwnReservation = (props: {
  relay: RelayReplica;
  invoice: { id: string; closesAt: number };
}) => (
  <p class="flex items-start gap-1.5 text-grace [&_svg]:mt-[3px] [&_svg]:size-4 [&_svg]:shrink-0">
    <Info aria-hidden="true" />
    <span>
      Reserved by you until <Time at={props.invoice.closesAt} form="date" />:{" "}
      <A href={checkoutOf(props.invoice.id)} class="link">
        pay
      </A>{" "}
      or{" "}
      <A href={`/relays/${props.relay.context.id}?tab=plan`} class="link">
        change it
      </A>
      .
    </span>
  </p>
);
