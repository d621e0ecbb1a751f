import { A } from "@solidjs/router";
import { PageTitle } from "../components/page-title.tsx";
import { buttonVariants } from "../ui/button.tsx";

/** A path at which there is no page. */
const NotFound = () => (
  <div class="page">
    <PageTitle
      title="There is no page here"
      lead="The address may be mistyped, or what was here is gone."
    />
    <A href="/" class={buttonVariants()}>
      Go to the start
    </A>
  </div>
);
export default NotFound;
