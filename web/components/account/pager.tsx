import { ChevronLeft, ChevronRight } from "lucide-solid";
import { Show } from "solid-js";
import { number } from "../../lib/format.ts";
import { PAGE_SIZE } from "../../lib/history.ts";
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
            class="min-h-10"
            disabled={props.page === 0 || props.busy}
            onClick={() => props.onPage(props.page - 1)}
          >
            <ChevronLeft aria-hidden="true" /> Newer
          </Button>
          <Button
            size="small"
            class="min-h-10"
            disabled={last() >= props.total || props.busy}
            onClick={() => props.onPage(props.page + 1)}
          >
            Older <ChevronRight aria-hidden="true" />
          </Button>
        </div>
      </Show>
    </nav>
  );
};
