import { useNavigate } from "@solidjs/router";
import { createSignal, For, type JSX, Show } from "solid-js";
import { CopyButton } from "../components/copy.tsx";
import { wordsOf } from "../lib/api/api.ts";
import { sats } from "../lib/words/format.ts";
import { Button } from "../ui/button.tsx";
import { Switch } from "../ui/switch.tsx";
import { type Faults, sandbox, switchFaults } from "./control.ts";
import { enterDemo } from "./demo-login.ts";

const FAULTS = [
  { part: "wallet", label: "Our wallet is down" },
  { part: "zooid", label: "zooid is down" },
  { part: "relay", label: "The Nostr relay drops messages" },
] as const;

const WALLET: Record<Faults["tenant_wallet"], string> = {
  ok: "works",
  down: "is down",
  silent: "does not answer",
  empty: "is empty",
  quota: "is over its budget",
  unauthorized: "refuses the connection",
};

/** What the bar opens: demo logins, the tenant's wallet, and what may fail. */
export const Tools = (props: {
  onSay: (text: string) => void;
  onHide: () => void;
  /** Moving time, where the bar has no room for it. */
  time: JSX.Element;
}) => {
  const navigate = useNavigate();
  const [entering, setEntering] = createSignal("");

  const change = (faults: Partial<Faults>) =>
    switchFaults(faults).catch((error) => props.onSay(wordsOf(error)));

  async function enter(as: string, nsec: string): Promise<void> {
    setEntering(as);
    try {
      await enterDemo(nsec);
      navigate("/relays");
    } catch (error) {
      props.onSay(wordsOf(error));
    }
    setEntering("");
  }

  return (
    <div class="page grid max-h-[60dvh] gap-x-10 gap-y-5 overflow-y-auto pt-4 pb-2 md:grid-cols-3">
      {props.time}
      <Group title="Log in">
        <Show
          when={sandbox()?.tenant_nsec}
          fallback={<p class="text-sm text-soft">This sandbox tells no keys.</p>}
        >
          <div class="flex flex-wrap gap-2">
            <For each={["tenant", "admin"] as const}>
              {(as) => (
                <Button
                  size="compact"
                  busy={entering() === as}
                  onClick={() => void enter(as, sandbox()?.[`${as}_nsec`] ?? "")}
                >
                  As the {as}
                </Button>
              )}
            </For>
          </div>
        </Show>
        <Button variant="ghost" size="compact" class="-ml-4 text-soft" onClick={props.onHide}>
          Hide this bar
        </Button>
      </Group>

      <Group title="The tenant's wallet">
        <p class="text-[15px]">{sats(sandbox()?.tenant_balance_sats ?? 0)}</p>
        <label class="flex min-h-10 items-center gap-2 text-[15px]">
          State
          <select
            class="min-h-10 rounded-control border border-edge bg-raised px-2 text-[15px]"
            value={sandbox()?.faults.tenant_wallet ?? "ok"}
            onChange={(event) =>
              void change({
                tenant_wallet: event.currentTarget.value as Faults["tenant_wallet"],
              })
            }
          >
            <For each={Object.entries(WALLET)}>
              {([fault, words]) => <option value={fault}>{words}</option>}
            </For>
          </select>
        </label>
        <Show when={sandbox()?.tenant_nwc_url}>
          {(url) => <CopyButton size="compact" text={url()} label="Copy its NWC URL" />}
        </Show>
      </Group>

      <Group title="What fails">
        <For each={FAULTS}>
          {({ part, label }) => (
            <Switch
              label={label}
              checked={(sandbox()?.faults[part] ?? "ok") !== "ok"}
              onChange={(isDown) => void change({ [part]: isDown ? "down" : "ok" })}
            />
          )}
        </For>
        <Button
          size="compact"
          onClick={() =>
            void change({ zooid: "wiped" }).then(() =>
              props.onSay("zooid has lost all its relays. They are back within a minute."),
            )
          }
        >
          Wipe zooid
        </Button>
      </Group>
    </div>
  );
};

const Group = (props: { title: string; children: JSX.Element }) => (
  <section class="flex flex-col items-start gap-1.5">
    <h2 class="font-sans text-sm font-semibold tracking-normal text-soft">{props.title}</h2>
    {props.children}
  </section>
);
