import { Download, ReceiptText } from "lucide-solid";
import { createSignal, For, Show } from "solid-js";
import { wordsOf } from "../../lib/api/api.ts";
import type { Bill, BillStatus } from "../../lib/billing/bill.ts";
import { everyBill, rowsOf } from "../../lib/billing/bill-rows.ts";
import { csv, download } from "../../lib/billing/csv.ts";
import { nowMs } from "../../lib/live/clock.ts";
import { useLive } from "../../lib/live/live.ts";
import type { Filter, History } from "../../lib/relays/history.ts";
import { Button } from "../../ui/button.tsx";
import { Choice } from "../../ui/choice.tsx";
import { say } from "../../ui/toast.tsx";
import { BillRow } from "./bill-row.tsx";
import { Listing } from "./listing.tsx";
import { Nothing } from "./nothing.tsx";
import { Search } from "./search.tsx";
import { Section } from "./section.tsx";

const STATES = [
  { value: "all", label: "All" },
  { value: "pending", label: "To pay" },
  { value: "paid", label: "Paid" },
  { value: "expired", label: "Expired" },
  { value: "void", label: "Void" },
] as const;

/** Every invoice there ever was. */
const Invoices = (props: {
  list: History<Bill>;
  filter: Filter<BillStatus>;
  onFilter: (change: Partial<Filter<BillStatus>>) => void;
}) => {
  const isFiltered = () =>
    props.filter.q !== "" || props.filter.status !== null || props.filter.page > 0;
  return (
    <Section title="Invoices" isQuiet>
      <div class="flex flex-wrap items-center gap-3">
        <Choice
          legend="Which invoices"
          name="invoice-state"
          value={props.filter.status ?? "all"}
          options={STATES}
          onChange={(value) => props.onFilter({ status: value === "all" ? null : value, page: 0 })}
        />
        <div class="ml-auto flex items-center gap-2 max-md:ml-0 max-md:w-full">
          <Search
            label="Search invoices"
            placeholder="Relay or invoice number"
            value={props.filter.q}
            onSearch={(q) => props.onFilter({ q, page: 0 })}
          />
          <DownloadAll />
        </div>
      </div>
      <Listing
        list={props.list}
        what="Your invoices"
        page={props.filter.page}
        onPage={(page) => props.onFilter({ page })}
        empty={
          <Show
            when={isFiltered()}
            fallback={
              <Nothing icon={ReceiptText} title="No invoices yet">
                A paid relay brings the first one. Free relays are never billed.
              </Nothing>
            }
          >
            <Nothing icon={ReceiptText} title="No invoice fits that">
              <Button size="small" onClick={() => props.onFilter({ q: "", status: null, page: 0 })}>
                Show all invoices
              </Button>
            </Nothing>
          </Show>
        }
      >
        {(ids) => <Table list={props.list} ids={ids()} />}
      </Listing>
    </Section>
  );
};

export default Invoices;

const Table = (props: { list: History<Bill>; ids: string[] }) => (
  <div
    class="overflow-hidden rounded-card border border-line bg-raised transition-opacity aria-busy:opacity-60"
    aria-busy={props.list.isLoading()}
  >
    <table class="w-full text-[15px] max-md:block">
      <caption class="sr-only">Invoices, newest first</caption>
      <thead class="border-b border-line text-left text-sm text-soft max-md:sr-only">
        <tr>
          <th scope="col" class="py-2.5 pr-4 pl-5 font-medium">
            Invoice
          </th>
          <th scope="col" class="px-4 py-2.5 font-medium">
            For
          </th>
          <th scope="col" class="px-4 py-2.5 font-medium">
            State
          </th>
          <th scope="col" class="px-4 py-2.5 text-right font-medium">
            Amount
          </th>
          <th scope="col" class="py-2.5 pr-5 pl-4">
            <span class="sr-only">What to do</span>
          </th>
        </tr>
      </thead>
      <tbody class="divide-y divide-line max-md:block">
        <For each={props.ids}>
          {(id) => <Show when={props.list.row(id)}>{(bill) => <BillRow bill={bill()} />}</Show>}
        </For>
      </tbody>
    </table>
  </div>
);

const DownloadAll = () => {
  const live = useLive();
  const [isBusy, setIsBusy] = createSignal(false);
  async function save(): Promise<void> {
    setIsBusy(true);
    try {
      const bills = await everyBill();
      const day = new Date(nowMs()).toISOString().slice(0, 10);
      download(`berth-invoices-${day}.csv`, csv(rowsOf(bills, live.nameOf)));
      say(bills.length === 1 ? "One invoice saved." : `${bills.length} invoices saved.`);
    } catch (error) {
      say(`Nothing was saved. ${wordsOf(error)}`, "suspended");
    } finally {
      setIsBusy(false);
    }
  }
  return (
    <Button
      size="small"
      class="min-h-10"
      busy={isBusy()}
      aria-label="Download all invoices as CSV"
      onClick={save}
    >
      <Show when={!isBusy()}>
        <Download aria-hidden="true" />
      </Show>
      CSV
    </Button>
  );
};
