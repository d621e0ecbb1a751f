/** A process of Berth, as far as a database and a world make one, which may die at any of its points. */
import type { Db } from "../../db/database.ts";
import type { Store } from "../../db/store.ts";
import { laneConcurrency } from "../../server/effects/index.ts";
import { AlarmClock } from "../../server/host/alarms.ts";
import type { Effect } from "../../server/host/effect.ts";
import { Outbox } from "../../server/host/outbox.ts";
import { replayAll } from "../../server/host/replay.ts";
import { type Outside, openBerth } from "./berth.ts";
import { type Incarnation, Killed, TENANT, TILL } from "./two-months.ts";

const ALL = { q: null, status: null, limit: 100, offset: 0 };

/** @param dies - told at every commit and before and after every outbound call; true is the end. */
export function incarnate(db: Db, world: Outside, dies: () => boolean): Incarnation {
  let isDead = false;
  let points = 0;
  const defects: string[] = [];
  const alive = (): void => {
    if (isDead) throw new Killed();
  };
  /** One place where a process may die. */
  const point = (): void => {
    points++;
    if (!isDead && dies()) isDead = true;
    alive();
  };
  const store = (real: Store): Store =>
    Object.fromEntries(
      Object.entries(real).map(([name, run]) => [
        name,
        (...args: never[]) => {
          // What a dead process had not flushed is gone.
          if (name === "flush") point();
          else alive();
          return (run as (...args: never[]) => unknown)(...args);
        },
      ]),
    ) as unknown as Store;
  const effect = (real: Effect): Effect => ({
    ...real,
    run: async (input, context) => {
      point();
      const answer = await real.run(input, context);
      point();
      return answer;
    },
  });
  const onDefect = (what: string, error?: unknown): void => {
    if (!isDead) defects.push(`${what}: ${error}`);
  };
  const { host, queries, watch } = openBerth(db, world, { store, effect, onDefect });
  const outbox = new Outbox(host, { concurrency: laneConcurrency, onDefect });
  const alarms = new AlarmClock(host, onDefect, outbox);
  const started = outbox.start();
  started.catch(onDefect);
  alarms.start();

  /** What was thrown by a dead process, or because it is. */
  const living = async <T>(act: () => Promise<T>): Promise<T> => {
    try {
      const value = await act();
      alive();
      return value;
    } catch (error) {
      throw isDead ? new Killed() : error;
    }
  };
  const meta = { cause: "http", by: TENANT };
  return {
    get isDead() {
      return isDead;
    },
    settle: () =>
      living(async () => {
        await started;
        for (;;) {
          alive();
          if (!(await alarms.isSettled())) await alarms.wake();
          outbox.wake();
          await new Promise((resolve) => setImmediate(resolve));
          if (!(await outbox.isSettled()) || !(await alarms.isSettled())) continue;
          // A watch that looks is part of it.
          await watch.tick();
          await host.drained();
          if ((await outbox.isSettled()) && (await alarms.isSettled())) break;
        }
        const lanes = Object.keys(laneConcurrency);
        const work = await Promise.all(lanes.map((lane) => host.store.nextTodo(lane)));
        const due = [await host.store.nextAlarm(), ...work];
        return Math.min(...due.map((at) => at ?? Number.POSITIVE_INFINITY));
      }),
    visit: () =>
      living(async () => {
        if (await host.read(TILL)) return;
        await host.transact(TENANT, (tx) => tx.create(TILL, "tenant", { pubkey: TENANT }, meta));
      }),
    send: (actor, event, key) =>
      living(async () => {
        await host.send(actor, event, { ...meta, dedup: key });
      }),
    payable: () =>
      living(async () => {
        const { items } = await queries.invoices.list(TENANT, ALL);
        return items.flatMap(({ status, invoice }) =>
          status === "pending" && invoice !== null ? [invoice] : [],
        );
      }),
    remains: () =>
      living(async () => ({
        actors: (await host.store.scopeActors(TENANT)).map(({ id, snapshot }) => [id, snapshot]),
        balances: [...(await queries.ledger.balances())].sort(),
        wrong: [
          ...defects,
          ...(await replayAll(host)).wrong,
          ...(await host.store.heldAlarms()).map(
            ({ actor, name }) => `${name} of ${actor} is held`,
          ),
          ...(await host.store.stuckWork()).map(({ key }) => `${key} is stuck`),
        ],
        points,
      })),
    async close() {
      await Promise.all([outbox.stop(0), alarms.stop(), watch.stop()]);
    },
  };
}
