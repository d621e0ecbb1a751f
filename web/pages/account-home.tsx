import { A, useSearchParams } from "@solidjs/router";
import { createMemo, type JSX, Match, Show, Suspense, Switch } from "solid-js";
import { meaningOf } from "../../machines/describe.ts";
import { machines } from "../../machines/index.ts";
import { createInvoices, createMessages } from "../components/account/lists.ts";
import { Overview } from "../components/account/overview.tsx";
import { createBilling, createForecast, createInbox } from "../components/account/requests.ts";
import { PageTitle } from "../components/page-title.tsx";
import { StateBadge } from "../components/state-badge.tsx";
import type { BillStatus } from "../lib/billing/bill.ts";
import { useLive } from "../lib/live/live.ts";
import type { NoticeStatus } from "../lib/notices/message.ts";
import { lazyPage } from "../lib/page/lazy-page.ts";
import { Callout } from "../ui/callout.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { Tabs } from "../ui/tabs.tsx";

const Invoices = lazyPage(() => import("../components/account/invoices.tsx"));
const Wallet = lazyPage(() => import("../components/account/wallet.tsx"));
const Notices = lazyPage(() => import("../components/account/notices.tsx"));
const Receipt = lazyPage(() => import("../components/account/receipt.tsx"));

type Params = {
  tab?: string;
  receipt?: string;
  q?: string;
  status?: string;
  page?: string;
};

const TABS = ["overview", "invoices", "billing", "notices"] as const;
type Tab = (typeof TABS)[number];
const BILL_STATUSES: readonly string[] = ["pending", "paid", "expired", "void"];
const NOTICE_STATUSES: readonly string[] = ["queued", "delivered", "refused", "no_inbox", "missed"];

/** Everything about one's money: how one stands, what was billed, who pays, what we wrote. */
const Account = () => {
  const live = useLive();
  const [params, setParams] = useSearchParams<Params>();
  const tab = (): Tab => TABS.find((name) => name === params.tab) ?? "overview";
  const page = () => Math.max(0, (Number.parseInt(params.page ?? "", 10) || 1) - 1);
  const billFilter = createMemo(() => ({
    q: params.q ?? "",
    status: BILL_STATUSES.includes(params.status ?? "") ? (params.status as BillStatus) : null,
    page: page(),
  }));
  const noticeFilter = createMemo(() => ({
    q: "",
    status: NOTICE_STATUSES.includes(params.status ?? "") ? (params.status as NoticeStatus) : null,
    page: page(),
  }));
  /** A filter goes into the URL; what is as it is by itself is left out of it. */
  const filter = (change: { q?: string; status?: string | null; page?: number }): void =>
    setParams({
      ...("q" in change ? { q: change.q || undefined } : {}),
      ...("status" in change ? { status: change.status ?? undefined } : {}),
      ...("page" in change ? { page: change.page ? String(change.page + 1) : undefined } : {}),
    });

  const forecast = createForecast(() => tab() === "overview", live);
  const invoices = createInvoices(() => (tab() === "invoices" ? billFilter() : null), live);
  const messages = createMessages(() => (tab() === "notices" ? noticeFilter() : null));
  const inbox = createInbox(() => tab() === "notices");
  const billing = createBilling(() => tab() === "billing", live);
  const shown = createMemo(() => {
    const id = params.receipt;
    return (id !== undefined && invoices.row(id)) || null;
  });

  return (
    <div class="page">
      <PageTitle title="Account" lead={<Standing />} />
      <Show when={live.tenant()?.matches({ status: "suspended" })}>
        <Callout tone="suspended" title="The operator suspended your account" class="mb-6">
          <p>
            Your relays do not answer; nothing is billed and nothing is deleted. You can read
            everything here. Changes are switched off until the operator lifts it.
          </p>
        </Callout>
      </Show>
      <Tabs
        label="Parts of your account"
        value={tab()}
        onChange={(id) =>
          id !== tab() &&
          setParams({
            tab: id === "overview" ? undefined : id,
            receipt: undefined,
            q: undefined,
            status: undefined,
            page: undefined,
          })
        }
        tabs={[
          { id: "overview", title: "Overview", content: () => <Overview forecast={forecast} /> },
          {
            id: "invoices",
            title: "Invoices",
            content: () => (
              <Part>
                <Invoices list={invoices} filter={billFilter()} onFilter={filter} />
              </Part>
            ),
          },
          {
            id: "billing",
            title: "Billing",
            content: () => (
              <Part>
                <Wallet billing={billing} />
              </Part>
            ),
          },
          {
            id: "notices",
            title: "Notices",
            content: () => (
              <Part>
                <Notices list={messages} inbox={inbox} filter={noticeFilter()} onFilter={filter} />
              </Part>
            ),
          },
        ]}
      />
      <Show when={params.receipt}>
        <Suspense>
          <Receipt
            bill={shown()}
            onClose={() => setParams({ receipt: undefined }, { replace: true })}
          />
        </Suspense>
      </Show>
    </div>
  );
};

export default Account;

/** A part whose code comes when it is first looked at. */
const Part = (props: { children: JSX.Element }) => (
  <Suspense fallback={<Skeleton class="h-96 rounded-card" />}>{props.children}</Suspense>
);

/** How one stands with the operator. A key that never did anything here is in good standing. */
const Standing = () => {
  const live = useLive();
  return (
    <Switch>
      <Match when={live.tenant()}>
        {(tenant) => {
          const status = () => (tenant().matches({ status: "suspended" }) ? "suspended" : "active");
          return (
            <p class="flex flex-wrap items-center gap-x-3 gap-y-1">
              <StateBadge status={status()} />
              <Show when={status() === "active"}>{meaningOf(machines.tenant, tenant().value)}</Show>
            </p>
          );
        }}
      </Match>
      <Match when={!live.isReady() && live.link().is !== "stopped"}>
        <Skeleton class="h-[26px] w-72 max-w-full" />
      </Match>
      <Match when={live.isReady()}>
        You have nothing here yet. It begins with{" "}
        <A href="/relays/new" class="link">
          your first relay
        </A>
        .
      </Match>
    </Switch>
  );
};
