import { createSignal, For, onMount, Show } from "solid-js";
import { wordsOf } from "../../lib/api/api.ts";
import { nowMs } from "../../lib/live/clock.ts";
import { createInvite, type Invite, invitesOf, revokeInvite } from "../../lib/relays/people.ts";
import { number } from "../../lib/words/format.ts";
import { Button } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Disclosure } from "../../ui/disclosure.tsx";
import { Field } from "../../ui/field.tsx";
import { Select } from "../../ui/select.tsx";
import { say } from "../../ui/toast.tsx";
import { CopyButton } from "../copy.tsx";
import { QrCode } from "../qr.tsx";
import { Time } from "../time.tsx";

const DAY_SECONDS = 86_400;
/** How long a link lets people in, in days. */
const LIFETIMES = [
  { value: "7", label: "for a week" },
  { value: "30", label: "for 30 days" },
  { value: "0", label: "until you revoke it" },
];

/** The links that let people in. */
export const Invites = (props: { relay: string; mayAct: boolean }) => {
  const [invites, setInvites] = createSignal<Invite[] | null>(null);
  const [label, setLabel] = createSignal("");
  const [days, setDays] = createSignal("7");
  const [uses, setUses] = createSignal("");
  const [wrong, setWrong] = createSignal<string | null>(null);
  const [isBusy, setIsBusy] = createSignal(false);
  const [ending, setEnding] = createSignal<Invite | null>(null);
  const [problem, setProblem] = createSignal<string | null>(null);

  async function trying(work: () => Promise<void>): Promise<void> {
    setIsBusy(true);
    setProblem(null);
    await work().catch((error: unknown) => setProblem(wordsOf(error)));
    setIsBusy(false);
  }
  const load = () =>
    trying(async () => {
      setInvites((await invitesOf(props.relay)).items);
    });
  onMount(() => void load());

  function create(event: SubmitEvent): void {
    event.preventDefault();
    const limit = uses().trim();
    if (limit !== "" && !/^[1-9]\d{0,4}$/.test(limit)) {
      setWrong("Enter a whole number, or leave it empty.");
      return;
    }
    setWrong(null);
    void trying(async () => {
      const lastsDays = Number(days());
      const made = await createInvite(props.relay, {
        label: label().trim() || "A link",
        expires_at: lastsDays === 0 ? null : Math.floor(nowMs() / 1000) + lastsDays * DAY_SECONDS,
        max_uses: limit === "" ? null : Number(limit),
      });
      setInvites((all) => [made, ...(all ?? [])]);
      setLabel("");
      setUses("");
      say("Your link is ready.");
    });
  }
  const revoke = (invite: Invite) =>
    trying(async () => {
      await revokeInvite(props.relay, invite.id);
      setInvites((all) => all?.filter(({ id }) => id !== invite.id) ?? null);
      setEnding(null);
      say(`“${invite.label}” no longer works.`);
    });

  return (
    <section aria-labelledby="people-invites">
      <h2 id="people-invites" class="text-lg">
        Invite links
      </h2>
      <p class="mt-1 text-soft">
        Anyone with the link can join, even without a Nostr key: they make one on the way.
      </p>
      <Show when={problem()}>
        {(words) => (
          <Callout tone="suspended" role="alert" class="mt-3">
            <div class="flex flex-wrap items-center justify-between gap-3">
              <p>{words()}</p>
              <Show when={invites() === null}>
                <Button size="small" onClick={() => void load()}>
                  Try again
                </Button>
              </Show>
            </div>
          </Callout>
        )}
      </Show>
      <Show when={(invites() ?? []).length > 0}>
        <ul class="mt-3 rounded-card border border-line bg-raised">
          <For each={invites()}>
            {(invite) => (
              <li class="border-line px-5 py-3.5 not-first:border-t max-sm:px-4">
                <div class="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
                  <div class="min-w-0 grow basis-[240px]">
                    <p class="font-semibold wrap-anywhere">{invite.label}</p>
                    <p class="text-sm text-soft">
                      {usesOf(invite)}
                      <Show when={invite.expires_at}>
                        {(at) => (
                          <>
                            {" "}
                            · {invite.state === "expired" ? "ended" : "ends"}{" "}
                            <Time at={at() * 1000} />
                          </>
                        )}
                      </Show>
                    </p>
                  </div>
                  <div class="flex gap-2">
                    <CopyButton text={invite.url} label="Copy link" size="small" />
                    <Show when={props.mayAct}>
                      <Button
                        size="small"
                        variant="danger"
                        aria-label={`Revoke ${invite.label}`}
                        onClick={() => setEnding(invite)}
                      >
                        Revoke
                      </Button>
                    </Show>
                  </div>
                </div>
                <Disclosure title="QR code" class="mt-1 text-sm">
                  <QrCode
                    text={invite.url}
                    label={`QR code of ${invite.label}`}
                    class="my-2 size-48"
                  />
                </Disclosure>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <Show when={props.mayAct && invites() !== null}>
        <form class="mt-4 flex flex-col gap-4" onSubmit={create}>
          <div class="grid gap-4 sm:grid-cols-3">
            <Field
              label="Name of the link"
              value={label()}
              onInput={setLabel}
              maxLength={80}
              hint="Only you see it."
            />
            <div class="flex flex-col gap-1.5">
              <span aria-hidden="true" class="text-[15px] font-semibold">
                It works
              </span>
              <Select label="It works" value={days()} onChange={setDays} options={LIFETIMES} />
            </div>
            <Field
              label="How many people"
              value={uses()}
              onInput={setUses}
              maxLength={5}
              error={wrong()}
              hint="Leave it empty for no limit."
            />
          </div>
          <Button type="submit" busy={isBusy()} class="self-start max-sm:self-stretch">
            Make a link
          </Button>
        </form>
      </Show>
      <Dialog
        open={ending() !== null}
        onOpenChange={(open) => !open && setEnding(null)}
        title={`Revoke “${ending()?.label ?? ""}”?`}
      >
        <ul class="list-disc space-y-1.5 pl-5">
          <li>The link stops working.</li>
          <li>Anyone who waits through it loses their place.</li>
          <li>Members stay.</li>
        </ul>
        <div class="mt-6 flex flex-wrap justify-end gap-2 max-sm:flex-col-reverse">
          <Button onClick={() => setEnding(null)}>Cancel</Button>
          <Button
            variant="danger"
            busy={isBusy()}
            onClick={() => {
              const invite = ending();
              if (invite) void revoke(invite);
            }}
          >
            Revoke
          </Button>
        </div>
      </Dialog>
    </section>
  );
};

const usesOf = ({ uses, max_uses }: Invite): string =>
  max_uses === null
    ? `used ${number(uses)} ${uses === 1 ? "time" : "times"}`
    : `${number(uses)} of ${number(max_uses)} used`;
