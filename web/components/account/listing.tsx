import { type Accessor, For, type JSX, Match, Show, Switch } from "solid-js";
import type { History } from "../../lib/relays/history.ts";
import { Skeleton } from "../../ui/skeleton.tsx";
import { Pager } from "./pager.tsx";
import { Failed } from "./section.tsx";

/**
 * A page of a history: on its way, not to be had, empty, or here with the way to the next.
 * @param props.what - `Your invoices`. @param props.empty - said where there is none
 * @param props.children - the rows, given their ids
 */
export const Listing = <R,>(props: {
  list: History<R>;
  what: string;
  page: number;
  onPage: (page: number) => void;
  empty: JSX.Element;
  children: (ids: Accessor<string[]>) => JSX.Element;
}) => (
  <>
    <Show when={props.list.error()}>
      {(why) => (
        <Failed
          what={props.what}
          why={why()}
          onRetry={() => props.list.retry()}
          busy={props.list.isLoading()}
        />
      )}
    </Show>
    <Switch>
      <Match when={!props.list.ids()}>
        <Show when={!props.list.error()}>
          <div role="status" aria-label={`${props.what} are loading`} class="flex flex-col gap-3">
            <For each={[1, 2, 3, 4, 5]}>{() => <Skeleton class="h-[70px] rounded-card" />}</For>
          </div>
        </Show>
      </Match>
      <Match when={props.list.ids()?.length === 0}>{props.empty}</Match>
      <Match when={props.list.ids()}>
        {(ids) => (
          <>
            {props.children(ids)}
            <Pager
              page={props.page}
              shown={ids().length}
              total={props.list.total()}
              busy={props.list.isLoading()}
              onPage={props.onPage}
            />
          </>
        )}
      </Match>
    </Switch>
  </>
);
