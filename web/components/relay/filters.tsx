import { Search } from "lucide-solid";
import { planIds, plans } from "../../../machines/plans.ts";
import type { Order, Wish } from "../../lib/relays/list.ts";
import { inputClass } from "../../ui/field.tsx";
import { Select } from "../../ui/select.tsx";

const STATES = ["pending", "provisioning", "active", "grace", "suspended", "deactivated"];
const ORDERS: { value: Order; label: string }[] = [
  { value: "recent", label: "Newest" },
  { value: "name", label: "By name" },
  { value: "due", label: "Due first" },
];

/** Looks through what is here: instant, and nobody has to sign for it. */
export const RelayFilters = (props: { wish: Wish; onChange: (change: Partial<Wish>) => void }) => (
  <search class="mb-4 flex flex-wrap gap-2">
    <span class="relative min-w-[220px] grow max-sm:w-full">
      <Search
        aria-hidden="true"
        class="pointer-events-none absolute top-1/2 left-3 size-[18px] -translate-y-1/2 text-soft"
      />
      <input
        type="search"
        aria-label="Search your relays"
        placeholder="Search by name, address or description"
        autocomplete="off"
        spellcheck={false}
        value={props.wish.q}
        onInput={(event) => props.onChange({ q: event.currentTarget.value })}
        class={`${inputClass} pl-10`}
      />
    </span>
    <div class="grid grid-cols-[repeat(auto-fit,minmax(104px,1fr))] gap-2 max-sm:w-full sm:flex">
      <Select
        label="State"
        value={props.wish.state}
        onChange={(state) => props.onChange({ state })}
        options={[
          { value: "", label: "Any state" },
          ...STATES.map((state) => ({ value: state, label: state })),
        ]}
      />
      <Select
        label="Plan"
        value={props.wish.plan}
        onChange={(plan) => props.onChange({ plan })}
        options={[
          { value: "", label: "Any plan" },
          ...planIds.map((id) => ({ value: id as string, label: plans[id].name as string })),
        ]}
      />
      <Select
        label="Order"
        value={props.wish.order}
        onChange={(order) => props.onChange({ order })}
        options={ORDERS}
      />
    </div>
  </search>
);
