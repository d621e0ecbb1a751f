import { A } from "@solidjs/router";
import { buttonVariants } from "../../ui/button.tsx";
import { PageTitle } from "../page-title.tsx";

/** In place of a relay that is not mine, or that never was: which of the two is nobody's business. */
export const NoSuchRelay = () => (
  <>
    <PageTitle
      title="You have no such relay"
      lead="Its address may be mistyped, or it belongs to another key than the one you are logged in with."
    />
    <A href="/relays" class={buttonVariants()}>
      My relays
    </A>
  </>
);
