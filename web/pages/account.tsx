import { useSearchParams } from "@solidjs/router";
import { lazy, Show } from "solid-js";
import { PageTitle } from "../components/page-title.tsx";

const Checkout = lazy(() => import("./checkout.tsx"));

const Page = () => {
  const [search] = useSearchParams();
  return (
    <Show
      when={typeof search.invoice === "string" ? search.invoice : null}
      fallback={
        <div class="page">
          <PageTitle title="account" />
        </div>
      }
    >
      {(id) => <Checkout invoice={id()} />}
    </Show>
  );
};
export default Page;
