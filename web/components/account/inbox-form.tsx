import { Plus, Trash2 } from "lucide-solid";
import { createSignal, createUniqueId, Index, onMount, Show } from "solid-js";
import { wordsOf } from "../../lib/api/api.ts";
import { INBOX_MAX, publishInbox } from "../../lib/notices/inbox.ts";
import { inboxRelay, plainRelay } from "../../lib/notices/relay-address.ts";
import { Button } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";
import { cn } from "../../ui/cn.ts";
import { inputClass } from "../../ui/field.tsx";
import { say } from "../../ui/toast.tsx";

type Row = { text: string; problem: string | null };

/** One to three relays, signed and published as who is logged in. */
export const InboxForm = (props: {
  /** What is published now, or suggestions. */
  relays: readonly string[];
  publishedAt: number | null;
  onPublished: (relays: string[]) => void;
  onCancel: () => void;
}) => {
  const [rows, setRows] = createSignal<Row[]>(
    props.relays.map((url) => ({ text: plainRelay(url), problem: null })),
  );
  const [isBusy, setIsBusy] = createSignal(false);
  const [problem, setProblem] = createSignal<string | null>(null);
  let list: HTMLDivElement | undefined;
  const inputs = () => [...(list?.querySelectorAll("input") ?? [])];
  onMount(() => inputs()[0]?.focus());

  const change = (at: number, text: string): void => {
    setProblem(null);
    setRows(rows().map((row, index) => (index === at ? { text, problem: null } : row)));
  };
  function add(): void {
    setRows([...rows(), { text: "", problem: null }]);
    inputs().at(-1)?.focus();
  }
  function remove(at: number): void {
    setRows(rows().filter((_, index) => index !== at));
    inputs()[Math.max(0, at - 1)]?.focus();
  }

  /** The addresses; null where one is wrong, which is then said beside it. */
  function checked(): string[] | null {
    const found = rows()
      .filter(({ text }) => text.trim() !== "")
      .map(({ text }) => ({ text, ...inboxRelay(text) }));
    setRows(
      found.length === 0
        ? [{ text: "", problem: "Name one relay at least." }]
        : found.map((row) => ({ text: row.text, problem: "problem" in row ? row.problem : null })),
    );
    const at = rows().findIndex((row) => row.problem !== null);
    if (at === -1) return [...new Set(found.flatMap((row) => ("url" in row ? [row.url] : [])))];
    inputs()[at]?.focus();
    return null;
  }

  async function publish(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const relays = checked();
    if (relays === null) return;
    setIsBusy(true);
    setProblem(null);
    try {
      await publishInbox(relays, props.publishedAt);
      say("Your inbox is published. What still matters is sent there now.");
      props.onPublished(relays);
    } catch (error) {
      setProblem(wordsOf(error));
    } finally {
      setIsBusy(false);
    }
  }

  return (
    <form class="flex flex-col gap-4" onSubmit={publish} noValidate>
      <div>
        <h3 class="text-lg">Where do you read messages?</h3>
        <p class="mt-1 max-w-[64ch] text-[15px] text-soft">
          Relays that keep messages for you. Everyone who writes to you over Nostr will use this
          list, not only Berth. You sign it with your key; we pass it on.
        </p>
      </div>
      <div ref={list} class="flex max-w-[560px] flex-col gap-2.5">
        <Index each={rows()}>
          {(row, index) => (
            <Relay
              number={index + 1}
              row={row()}
              disabled={isBusy()}
              onInput={(text) => change(index, text)}
              onRemove={rows().length > 1 ? () => remove(index) : null}
            />
          )}
        </Index>
        <Show when={rows().length < INBOX_MAX}>
          <Button
            size="small"
            variant="ghost"
            class="min-h-10 self-start"
            disabled={isBusy()}
            onClick={add}
          >
            <Plus aria-hidden="true" /> Add a relay
          </Button>
        </Show>
      </div>
      <Show when={problem()}>
        {(why) => (
          <Callout tone="suspended" role="alert" title="It was not published.">
            <p class="text-soft">{why()}</p>
          </Callout>
        )}
      </Show>
      <div class="flex flex-wrap gap-2">
        <Button type="submit" variant="buoy" busy={isBusy()}>
          {isBusy() ? "Publishing" : "Sign and publish"}
        </Button>
        <Button disabled={isBusy()} onClick={() => props.onCancel()}>
          Cancel
        </Button>
      </div>
    </form>
  );
};

const Relay = (props: {
  number: number;
  row: Row;
  disabled: boolean;
  onInput: (text: string) => void;
  onRemove: (() => void) | null;
}) => {
  const id = createUniqueId();
  return (
    <div>
      <div class="flex gap-1.5">
        <input
          type="text"
          inputMode="url"
          aria-label={`Inbox relay ${props.number}`}
          aria-invalid={props.row.problem !== null}
          aria-describedby={props.row.problem === null ? undefined : id}
          placeholder="wss://relay.example.com"
          value={props.row.text}
          disabled={props.disabled}
          maxLength={500}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          class={cn(
            inputClass,
            "min-w-0 font-mono text-[15px]",
            props.row.problem !== null && "border-suspended",
          )}
          onInput={(event) => props.onInput(event.currentTarget.value)}
        />
        <Show when={props.onRemove}>
          {(remove) => (
            <Button
              size="icon"
              variant="ghost"
              class="size-11"
              aria-label={`Remove inbox relay ${props.number}`}
              disabled={props.disabled}
              onClick={() => remove()()}
            >
              <Trash2 aria-hidden="true" />
            </Button>
          )}
        </Show>
      </div>
      <Show when={props.row.problem}>
        <p id={id} role="alert" class="mt-1 text-sm text-suspended">
          {props.row.problem}
        </p>
      </Show>
    </div>
  );
};
