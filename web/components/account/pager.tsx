import { ChevronLeft, ChevronRight } from "lucide-solid";
import { Show } from "solid-js";
import { PAGE_SIZE } from "../../lib/relays/history.ts";
import { number } from "../../lib/words/format.ts";
import { Button } from "../../ui/button.tsx";

/** Which part of a long list is shown, and the way to the next. `page` counts from 0. */
export const Pager = (props: {
  page: number;
  total: number;
  shown: number;
  busy: boolean;
  onPage: (page: number) => void;
}) => {
  const first = () => props.page * PAGE_SIZE + 1;
  const last = () => props.page * PAGE_SIZE + props.shown;
  const isAll = () => props.page === 0 && last() >= props.total;
  /** Not `disabled`: a button that was pressed keeps the focus, also where there is no further page. */
  const step = (isEnd: boolean, by: 1 | -1) => ({
    "aria-disabled": isEnd || props.busy || undefined,
    onClick: () => !isEnd && !props.busy && props.onPage(props.page + by),
  });
  return (
    <nav aria-label="Pages" class="flex items-center justify-between gap-4 text-sm text-soft">
      <p role="status">
        <Show when={props.shown > 0} fallback="None here">
          {isAll()
            ? `${number(props.total)} in all`
            : `${number(first())}–${number(last())} of ${number(props.total)}`}
        </Show>
      </p>
      <Show when={!isAll()}>
        <div class="flex gap-2">
          <Button
            size="small"
            class="min-h-10 aria-disabled:cursor-not-allowed aria-disabled:opacity-55"
            {...step(props.page === 0, -1)}
          >
            <ChevronLeft aria-hidden="true" /> Newer
          </Button>
          <Button
            size="small"
            class="min-h-10 aria-disabled:cursor-not-allowed aria-disabled:opacity-55"
            {...step(last() >= props.total, 1)}
          >
            Older <ChevronRight aria-hidden="true" />
          </Button>
        </div>
      </Show>
    </nav>
  );
};
