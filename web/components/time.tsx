import { createNow } from "../lib/clock.ts";
import { exact, moment, relative } from "../lib/format.ts";
import { Tooltip } from "../ui/tooltip.tsx";

/** `in 4 days · 27 Dec 14:05`, or the date alone; the exact value on hover and focus. */
export const Time = (props: { at: number; form?: "both" | "date" | "relative" }) => {
  const now = createNow(30_000);
  const text = () => {
    if (props.form === "date") return moment(props.at, now());
    if (props.form === "relative") return relative(props.at, now());
    return `${relative(props.at, now())} · ${moment(props.at, now())}`;
  };
  return (
    <Tooltip text={exact(props.at)}>
      <time dateTime={new Date(props.at).toISOString()}>{text()}</time>
    </Tooltip>
  );
};
