import { A, useSearchParams } from "@solidjs/router";
import { Plus } from "lucide-solid";
import { createEffect, createMemo, createSignal, For, onCleanup, Show } from "solid-js";
import { Awaited } from "../components/awaited.tsx";
import { PageTitle } from "../components/page-title.tsx";
import { RelayDues } from "../components/relay/dues.tsx";
import { RelayFilters } from "../components/relay/filters.tsx";
import { NoRelays, NothingFound, RelaysLoading } from "../components/relay/list-states.tsx";
import { RelayRow } from "../components/relay/row.tsx";
import { Welcome } from "../components/relay/welcome.tsx";
import { Standing } from "../components/standing.tsx";
import { createNow } from "../lib/live/clock.ts";
import { useLive } from "../lib/live/live.ts";
import { chosen, dues, isArchived, monthlySats, rowsOf } from "../lib/relays/list.ts";
import { createWish } from "../lib/relays/list-wish.ts";
import { sats } from "../lib/words/format.ts";
import { buttonVariants } from "../ui/button.tsx";

const TICK_MS = 30_000;
/** How long a relay that was just made is marked. */
const MARK_MS = 6_000;

/** My relays: what is due, and each of them with what happens next. */
const Page = () => {
  const live = useLive();
  const now = createNow(TICK_MS);
  const [wish, setWish] = createWish();
  const rows = createMemo(() => rowsOf(live.relays(), live.tenant(), live.invoice, now()));
  const byId = createMemo(() => new Map(rows().map((row) => [row.id, row])));
  // By id: a row that changes stays the same row, with the focus that is on it.
  const ids = createMemo(() => chosen(rows(), wish()).map(({ id }) => id));
  const due = createMemo(() => dues(rows(), live.tenant()?.context));
  /** Of the view that is open, whatever is looked for in it. */
  const inView = () => rows().filter(({ relay }) => isArchived(relay.context) === wish().isArchive);
  const archived = () => rows().filter(({ relay }) => isArchived(relay.context)).length;
  const isFiltered = () => ids().length < inView().length;
  const arrived = createArrival(() => byId());
  /** The relay that was just made: what to do with it first stays until it is closed. */
  const [begun, setBegun] = createSignal<string | null>(null);
  createEffect(() => arrived() && setBegun(arrived()));

  const summary = () => {
    const count = rows().length - archived();
    if (count === 0) return null;
    const monthly = monthlySats(rows());
    const relays = `${count} ${count === 1 ? "relay" : "relays"}`;
    return monthly === 0 ? relays : `${relays} · ${sats(monthly)} a month`;
  };

  return (
    <div class="page">
      <PageTitle
        title={wish().isArchive ? "Archive" : "My relays"}
        lead={
          <Show
            when={!wish().isArchive && summary()}
            fallback={
              <Show when={wish().isArchive}>
                <p>
                  Orders of which nothing came, and deactivated relays that you moved here. ·{" "}
                  <A href="/relays" class="link">
                    back to your relays
                  </A>
                </p>
              </Show>
            }
          >
            {(text) => (
              <p>
                {text()} ·{" "}
                <A href="/account" class="link">
                  invoices and wallet
                </A>
              </p>
            )}
          </Show>
        }
        actions={
          <Show when={rows().length > 0}>
            <A
              href="/relays/new"
              class={buttonVariants({ variant: due().rows.length > 0 ? "outline" : "buoy" })}
            >
              <Plus aria-hidden="true" /> Add relay
            </A>
          </Show>
        }
      />
      <Standing />
      <Show when={live.relay(begun() ?? "")}>
        {(relay) => <Welcome relay={relay()} onClose={() => setBegun(null)} />}
      </Show>
      <Show
        when={live.isReady() || rows().length > 0}
        fallback={
          <Awaited>
            <RelaysLoading />
          </Awaited>
        }
      >
        <RelayDues dues={due()} />
        <Show
          when={inView().length > 0}
          fallback={
            <Show when={!wish().isArchive} fallback={<p class="text-soft">It is empty.</p>}>
              <NoRelays />
            </Show>
          }
        >
          <RelayFilters wish={wish()} onChange={setWish} />
          <p role="status" class="sr-only">
            {isFiltered() ? `${ids().length} of ${inView().length} relays` : ""}
          </p>
          <Show
            when={ids().length > 0}
            fallback={
              <NothingFound q={wish().q} onClear={() => setWish({ q: "", state: "", plan: "" })} />
            }
          >
            <ul
              aria-label="My relays"
              class="overflow-hidden rounded-card border border-line bg-raised"
            >
              <For each={ids()}>
                {(id) => (
                  <Show when={byId().get(id)}>
                    {(row) => <RelayRow row={row()} isNew={arrived() === id} />}
                  </Show>
                )}
              </For>
            </ul>
          </Show>
        </Show>
        <Show when={!wish().isArchive && archived() > 0}>
          <p class="mt-4">
            <A href="/relays?view=archive" class="link">
              Archive ({archived()})
            </A>
          </p>
        </Show>
      </Show>
      <p role="status" class="sr-only">
        <Show when={byId().get(arrived() ?? "")}>
          {(row) => `${row().relay.context.name} is in your list: ${row().status}.`}
        </Show>
      </p>
    </div>
  );
};
export default Page;

/** `?new=<relay id>`: which row to mark for a while. It is taken out of the address, so that a reload does not. */
function createArrival(relays: () => ReadonlyMap<string, unknown>): () => string | null {
  const [query, setQuery] = useSearchParams();
  const [arrived, setArrived] = createSignal<string | null>(null);
  let timer = 0;
  createEffect(() => {
    const live = useLive();
    const id = query.new;
    if (typeof id !== "string" || !live.isReady()) return;
    setQuery({ new: null }, { replace: true, scroll: false });
    if (!relays().has(id)) return;
    setArrived(id);
    clearTimeout(timer);
    timer = window.setTimeout(() => setArrived(null), MARK_MS);
  });
  onCleanup(() => clearTimeout(timer));
  return arrived;
}
