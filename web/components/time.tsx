import { createNow } from "../lib/live/clock.ts";
import { exact, moment, relative } from "../lib/words/format.ts";

/**
 * `in 4 days · 27 Dec 14:05`, or one of the two; the exact value on hover, and read out as its
 * description. Not a stop for the keyboard: there is nothing to do with it.
 */
export const Time = (props: { at: number; form?: "both" | "date" | "relative" }) => {
  const now = createNow(30_000);
  const text = () => {
    if (props.form === "date") return moment(props.at, now());
    if (props.form === "relative") return relative(props.at, now());
    return `${relative(props.at, now())} · ${moment(props.at, now())}`;
  };
  return (
    <time dateTime={new Date(props.at).toISOString()} title={exact(props.at)}>
      {text()}
    </time>
  );
};
