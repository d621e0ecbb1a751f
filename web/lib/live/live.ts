/**
 * Somebody's relays, invoices and messages as they are now: one signed stream brings every actor and each
 * change after it, and pages show what is here. So nobody is asked to sign again for looking.
 */
import { fromActorRef } from "@xstate/solid";
import {
  type Accessor,
  batch,
  createContext,
  createMemo,
  createRoot,
  createSignal,
  getOwner,
  onCleanup,
  runWithOwner,
  untrack,
  useContext,
} from "solid-js";
import { createStore } from "solid-js/store";
import type { AnyStateMachine } from "xstate";
import {
  communityActor,
  invoiceActor,
  relayActor,
  tenantActor,
} from "../../../machines/addresses.ts";
import { type MachineName, machines } from "../../../machines/index.ts";
import type { FeedEntry } from "../../../server/host/feed.ts";
import type { OutsideNews } from "../../../server/routes/events.ts";
import { short } from "../words/format.ts";
import { nowMs, tuneClock } from "./clock.ts";
import { createReplica, type Replica } from "./replica.ts";
import { followStream, type Link } from "./stream.ts";

export type RelayReplica = Replica<typeof machines.relay>;
export type InvoiceReplica = Replica<typeof machines.invoice>;
export type TenantReplica = Replica<typeof machines.tenant>;
export type NoticeReplica = Replica<typeof machines.notice>;
type CommunityReplica = Replica<typeof machines.community>;
type ReplicaOf = {
  relay: RelayReplica;
  invoice: InvoiceReplica;
  tenant: TenantReplica;
  notice: NoticeReplica;
  community: CommunityReplica;
};

/** One actor of the server's. It is restored when it is first looked at, and follows from then on. */
type Followed = { take(entry: FeedEntry): void; snapshot: Accessor<unknown>; stop(): void };

function followActor(first: FeedEntry): Followed {
  let newest = first;
  let shown: { send(entry: FeedEntry): void; snapshot: Accessor<unknown>; stop(): void } | null =
    null;
  function restore(): NonNullable<typeof shown> {
    const actor = createReplica(machines[first.machine as MachineName] as AnyStateMachine, newest);
    return createRoot((dispose) => ({
      snapshot: fromActorRef(actor),
      send: (entry) => actor.send({ type: "replica.snapshot", entry }),
      stop: () => {
        actor.stop();
        dispose();
      },
    }));
  }
  return {
    take(entry) {
      if (entry.rev > newest.rev) newest = entry;
      shown?.send(entry);
    },
    snapshot: () => {
      shown ??= untrack(restore);
      return shown.snapshot();
    },
    stop: () => shown?.stop(),
  };
}

const isMachine = (name: string): name is MachineName => name in machines;

/**
 * Follows a tenant's stream for as long as the owner stands. Within a component or root.
 * @param path - of the signed stream. @param tenant - whose relays they are
 */
export function createLive({ path, tenant }: { path: string; tenant: string }) {
  const [link, setLink] = createSignal<Link>({ is: "loading" });
  const [isReady, setIsReady] = createSignal(false);
  const [outside, setOutside] = createSignal<OutsideNews>({ zooid: null, relays: {} });
  const [followed, setFollowed] = createStore<Record<string, Followed>>({});
  const owner = getOwner();

  /** All of a machine's actors, oldest id first; made when somebody first asks. */
  function all<N extends MachineName>(name: N): Accessor<ReplicaOf[N][]> {
    let memo: Accessor<ReplicaOf[N][]> | undefined;
    return () => {
      memo ??= runWithOwner(owner, () =>
        createMemo(() =>
          Object.keys(followed)
            .filter((id) => id.startsWith(`${name}/`))
            .sort()
            .map((id) => followed[id]?.snapshot() as ReplicaOf[N]),
        ),
      );
      return memo?.() ?? [];
    };
  }
  const one = <N extends MachineName>(id: string): ReplicaOf[N] | undefined =>
    followed[id]?.snapshot() as ReplicaOf[N] | undefined;

  function receive(entry: FeedEntry): void {
    const { machine: name, actor: id } = entry;
    if (!isMachine(name) || entry.version !== machines[name].version) {
      reloadOnce(entry.version);
      return;
    }
    // Something happened at this time: it is not earlier than that.
    if (entry.at > nowMs() + 1_000) tuneClock(entry.at);
    const known = untrack(() => followed[id]);
    if (known) known.take(entry);
    else setFollowed({ [id]: followActor(entry) });
  }
  // What there is at the beginning arrives in one go: two hundred relays are one change of the page.
  let beginning: FeedEntry[] | null = [];
  const stream = followStream(path, {
    onLink: setLink,
    onNow: tuneClock,
    onOutside: setOutside,
    onEntry(entry) {
      if (beginning) beginning.push(entry);
      else receive(entry);
    },
    onReady() {
      const entries = beginning ?? [];
      beginning = null;
      batch(() => {
        for (const entry of entries) receive(entry);
        setIsReady(true);
      });
    },
  });
  onCleanup(() => {
    stream.end();
    for (const { stop } of Object.values(untrack(() => ({ ...followed })))) stop();
  });

  const relay = (id: string) => one<"relay">(relayActor(id));
  const account = () => one<"tenant">(tenantActor(tenant));
  return {
    link,
    /** Whether all is here, so that what is not here does not exist. */
    isReady,
    relays: all("relay"),
    invoices: all("invoice"),
    notices: all("notice"),
    relay,
    /** What the server sees to be wrong with a relay that should run; null where nothing is. */
    seenOf: (id: string): string | null => (outside().zooid ?? outside().relays[id])?.code ?? null,
    /** A relay's name as it is now; the ends of its id where it is not known. */
    nameOf: (id: string): string => relay(id)?.context.name ?? short(id, 6, 4),
    /** The people of a relay, as numbers. */
    community: (relay: string) => one<"community">(communityActor(relay)),
    invoice: (id: string) => one<"invoice">(invoiceActor(id)),
    tenant: account,
    /** Whether the operator suspended the account: all can be read, nothing changed. */
    isSuspended: (): boolean => account()?.matches({ status: "suspended" }) ?? false,
    /** Tries now what waits. */
    retry: () => stream.retry(),
  };
}
export type Live = ReturnType<typeof createLive>;

export const LiveContext = createContext<Live>();

/** Whose relays a page is about. Within a component. @throws outside of `LiveContext.Provider` */
export function useLive(): Live {
  const live = useContext(LiveContext);
  if (!live) throw new Error("nobody is followed here");
  return live;
}

/** The server speaks of machines that this page does not know: it is newer. A reload brings its pages. */
function reloadOnce(version: string): void {
  const mark = "berth.reloaded";
  if (sessionStorage.getItem(mark) === version) return;
  sessionStorage.setItem(mark, version);
  location.reload();
}
