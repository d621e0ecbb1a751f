import { createSignal, For, onMount, Show } from "solid-js";
import { wordsOf } from "../../lib/api/api.ts";
import { type RelayReplica, useLive } from "../../lib/live/live.ts";
import { type Member, membersOf, type Waiting, waitingOf } from "../../lib/relays/people.ts";
import { Button } from "../../ui/button.tsx";
import { Callout } from "../../ui/callout.tsx";
import { Disclosure } from "../../ui/disclosure.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { AddPerson } from "./add-person.tsx";
import { Bans } from "./bans.tsx";
import { Invites } from "./invites.tsx";
import { CommunityJournal } from "./journal.tsx";
import { Meter } from "./meter.tsx";
import { MemberRow, WaitingRow } from "./person-row.tsx";

const PAGE = 50;

/** Who is in a relay, who waits, and who may not. Asked for when it is looked at: that needs a signature. */
const RelayPeople = (props: { relay: RelayReplica }) => {
  const live = useLive();
  const id = () => props.relay.context.id;
  const community = () => live.community(id())?.context;
  const [members, setMembers] = createSignal<Member[]>([]);
  const [waiting, setWaiting] = createSignal<Waiting[]>([]);
  const [total, setTotal] = createSignal<number | null>(null);
  const [isBusy, setIsBusy] = createSignal(true);
  const [problem, setProblem] = createSignal<string | null>(null);

  async function load(isFresh: boolean): Promise<void> {
    setIsBusy(true);
    setProblem(null);
    try {
      const before = isFresh ? [] : members();
      const page = await membersOf(id(), PAGE, before.length);
      setMembers([...before, ...page.items]);
      setTotal(page.total);
      if (isFresh) setWaiting(page.waiting > 0 ? (await waitingOf(id())).items : []);
    } catch (error) {
      setProblem(wordsOf(error));
    } finally {
      setIsBusy(false);
    }
  }
  onMount(() => void load(true));

  /** Somebody came or went by another way than this page. */
  const isBehind = () => {
    const c = community();
    const count = total();
    if (!c || count === null || isBusy()) return false;
    return c.taken !== count + 1 || c.waiting !== waiting().length;
  };
  const mayAct = () => community()?.isServed === true && !live.isSuspended();
  const isJoining = (member: Member) => {
    const c = community();
    return member.state === "joining" && c !== undefined && c.asked > c.done;
  };
  function added(pubkey: string, standing: string): void {
    const now = Math.floor(Date.now() / 1000);
    if (standing === "waiting")
      setWaiting((all) =>
        all.some((one) => one.pubkey === pubkey)
          ? all
          : [...all, { pubkey, asked_at: now, added_by: null }],
      );
    else if (!members().some((one) => one.pubkey === pubkey) && members().length === total()) {
      const via = { via: "added" as const, added_by: null, joined_at: now };
      setMembers((all) => [...all, { pubkey, state: "joining" as const, ...via }]);
      setTotal((count) => (count ?? 0) + 1);
    }
  }
  function gone(pubkey: string): void {
    const left = members().filter((one) => one.pubkey !== pubkey);
    if (left.length < members().length) setTotal((count) => (count ?? 1) - 1);
    setMembers(left);
    setWaiting((all) => all.filter((one) => one.pubkey !== pubkey));
  }
  const row = { relay: id, mayAct, onGone: gone };

  return (
    <div class="flex max-w-[760px] flex-col gap-6">
      <Show when={community()}>{(c) => <Meter community={c()} />}</Show>
      <Show
        when={mayAct()}
        fallback={
          <p class="text-soft">While this relay does not run, nobody can be let in or sent away.</p>
        }
      >
        <AddPerson relay={id()} owner={props.relay.context.tenant} onAdded={added} />
      </Show>
      <Show when={isBehind()}>
        <div class="flex flex-wrap items-center justify-between gap-3">
          <p class="text-soft">Somebody came or went since you opened this.</p>
          <Button size="small" onClick={() => void load(true)}>
            Show it
          </Button>
        </div>
      </Show>
      <Show when={problem()}>
        {(words) => (
          <Callout tone="suspended" role="alert">
            <div class="flex flex-wrap items-center justify-between gap-3">
              <p>{words()}</p>
              <Button size="small" onClick={() => void load(total() === null)}>
                Try again
              </Button>
            </div>
          </Callout>
        )}
      </Show>
      <Show when={total() !== null || !isBusy()} fallback={<Loading />}>
        <Show when={total() !== null}>
          <section aria-labelledby="people-members">
            <h2 id="people-members" class="text-lg">
              Members
            </h2>
            <Show
              when={members().length > 0}
              fallback={<p class="mt-3 text-soft">Nobody else yet.</p>}
            >
              <ul class="mt-3 rounded-card border border-line bg-raised">
                <For each={members()}>
                  {(member) => <MemberRow member={member} isJoining={isJoining(member)} {...row} />}
                </For>
              </ul>
            </Show>
            <Show when={(total() ?? 0) > members().length && !isBehind()}>
              <div class="mt-4 flex flex-wrap items-center gap-4">
                <Button busy={isBusy()} onClick={() => void load(false)}>
                  Load more
                </Button>
                <p class="text-sm text-soft">
                  {members().length} of {total()}
                </p>
              </div>
            </Show>
          </section>
        </Show>
        <Show when={waiting().length > 0}>
          <section aria-labelledby="people-waiting">
            <h2 id="people-waiting" class="text-lg">
              Waiting list
            </h2>
            <p class="mt-1 text-soft">
              Whoever has waited longest is let in as soon as there is room.
            </p>
            <ul class="mt-3 rounded-card border border-line bg-raised">
              <For each={waiting()}>{(one) => <WaitingRow waiting={one} {...row} />}</For>
            </ul>
          </section>
        </Show>
      </Show>
      <Invites relay={id()} mayAct={!live.isSuspended()} />
      <div class="flex flex-col gap-2">
        <Disclosure title="Banned">
          <Bans relay={id()} mayAct={mayAct()} />
        </Disclosure>
        <Disclosure title="What happened">
          <CommunityJournal relay={id()} owner={props.relay.context.tenant} />
        </Disclosure>
      </div>
    </div>
  );
};
export default RelayPeople;

const Loading = () => (
  <div role="status" class="rounded-card border border-line bg-raised">
    <span class="sr-only">The members are loading.</span>
    <For each={[0, 1, 2]}>
      {() => (
        <div class="border-line px-5 py-4 not-first:border-t">
          <Skeleton class="w-56 max-w-full" />
        </div>
      )}
    </For>
  </div>
);
