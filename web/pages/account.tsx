import { useSearchParams } from "@solidjs/router";
import { Show } from "solid-js";
import { lazyPage } from "../lib/page/lazy-page.ts";

const Checkout = lazyPage(() => import("./checkout.tsx"));
const AccountHome = lazyPage(() => import("./account-home.tsx"));

/** Everything about one's money, or, at `?invoice=`, the page of one invoice. */
const Page = () => {
  const [params] = useSearchParams<{ invoice?: string }>();
  return (
    <Show when={params.invoice} keyed fallback={<AccountHome />}>
      {(id) => <Checkout invoice={id} />}
    </Show>
  );
};
export default Page;
