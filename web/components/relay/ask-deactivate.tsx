import { createSignal, For, Show } from "solid-js";
import { QUARANTINE_MS } from "../../../machines/billing/calendar.ts";
import { statusOf } from "../../../machines/describe.ts";
import { isNameKept } from "../../../machines/relay/context.ts";
import { wordsOf } from "../../lib/api/api.ts";
import { createNow } from "../../lib/live/clock.ts";
import type { RelayReplica } from "../../lib/live/live.ts";
import { deactivate } from "../../lib/relays/acts.ts";
import { day } from "../../lib/words/format.ts";
import { Button } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { say } from "../../ui/toast.tsx";
import { PANEL_ID } from "./panel.tsx";

/** Asks once more, with all that it means, before a relay is switched off. */
const AskDeactivate = (props: {
  relay: RelayReplica;
  act: string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) => {
  const now = createNow(30_000);
  const [isBusy, setIsBusy] = createSignal(false);
  const [problem, setProblem] = createSignal<string | null>(null);
  const isDark = () => statusOf(props.relay.value) === "suspended";
  const name = () => props.relay.context.name;

  async function run(): Promise<void> {
    const called = name();
    const wasOrder = props.act !== "Deactivate";
    setIsBusy(true);
    setProblem(null);
    try {
      await deactivate(props.relay.context.id);
      props.onOpenChange(false);
      say(wasOrder ? `The order of ${called} is cancelled.` : `${called} is switched off.`);
      // What opened this is gone: the reader goes on at what is next.
      setTimeout(() => document.getElementById(PANEL_ID)?.focus());
    } catch (error) {
      setProblem(wordsOf(error));
    } finally {
      setIsBusy(false);
    }
  }

  return (
    <Dialog
      open={props.open}
      onOpenChange={(open) => {
        setProblem(null);
        props.onOpenChange(open);
      }}
      title={props.act === "Deactivate" ? `Deactivate ${name()}?` : `${props.act}?`}
    >
      <ul class="list-disc space-y-1.5 pl-5">
        <For each={consequences(props.relay, now())}>{(line) => <li>{line}</li>}</For>
      </ul>
      <Show when={problem()}>
        <Callout tone="suspended" role="alert" class="mt-4">
          {problem()}
        </Callout>
      </Show>
      <div class="mt-6 flex flex-wrap justify-end gap-2 max-sm:flex-col-reverse">
        <Button disabled={isBusy()} onClick={() => props.onOpenChange(false)}>
          {props.act !== "Deactivate"
            ? "Keep the order"
            : isDark()
              ? "Leave it"
              : "Keep it running"}
        </Button>
        <Button variant="danger" busy={isBusy()} onClick={() => void run()}>
          {props.act}
        </Button>
      </div>
    </Dialog>
  );
};
export default AskDeactivate;

const FREE_AT_ONCE = "The name is free for anyone at once.";

/** What switching it off does, as it is now; each a sentence. */
function consequences({ context: c, value }: RelayReplica, nowMs: number): string[] {
  const status = statusOf(value);
  if (c.wanted === 0)
    return [
      "Its invoice is withdrawn. If you paid it already, the sats become your credit.",
      FREE_AT_ONCE,
    ];
  const stops =
    status === "suspended"
      ? "It does not answer now, and stays so."
      : "It stops answering at once, for everyone.";
  const paidUntil = c.priceSats > 0 && (c.paidThrough ?? 0) > nowMs ? c.paidThrough : null;
  const money =
    c.priceSats === 0
      ? ["You can bring it back, free, whenever you like."]
      : paidUntil !== null
        ? [
            `The time that is paid, until ${day(paidUntil, nowMs)}, is not refunded. Brought back before then it is free and keeps its dates.`,
            "It is not billed any more. Brought back later it is a new purchase.",
          ]
        : ["Its open renewal is dropped from your bill. Brought back later it is a new purchase."];
  return [
    stops,
    "Its data is kept for when you bring it back.",
    ...money,
    isNameKept(c, nowMs)
      ? `The name stays yours for 30 days, until ${day(nowMs + QUARANTINE_MS, nowMs)}.`
      : FREE_AT_ONCE,
  ];
}
