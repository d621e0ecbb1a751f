import { eq } from "drizzle-orm";
import type { AnyStateMachine } from "xstate";
import { type Db, openDatabase } from "../../db/database.ts";
import type { JournalRow } from "../../db/image.ts";
import type { Put } from "../../db/put.ts";
import { actors } from "../../db/schema.ts";
import { sqliteStore } from "../../db/sqlite-store.ts";
import type { Store } from "../../db/store.ts";
import { AlarmClock } from "../../server/host/alarms.ts";
import type { Effect, EffectContext } from "../../server/host/effect.ts";
import { Host } from "../../server/host/host.ts";
import { Outbox } from "../../server/host/outbox.ts";
import type { Change, Registered } from "../../server/host/rules.ts";
import { type PuppetContext, type PuppetEvent, puppet } from "./puppet.ts";

export const T0 = 1_000_000;

export type StageOptions = {
  db?: Db;
  store?: Store;
  clock?: { at: number; now(): number };
  machine?: AnyStateMachine;
  migrate?: Registered["migrate"];
  /** Called with each transition, before it is written. */
  project?: (change: Change) => Put[] | undefined;
  perform?: (input: unknown, context: EffectContext) => Promise<unknown>;
  other?: (input: unknown, context: EffectContext) => Promise<unknown>;
  policy?: Partial<Effect>;
  effects?: Record<string, Effect>;
  concurrency?: Record<string, number>;
  onStorage?: (failure: unknown) => void;
};

export type Stage = ReturnType<typeof openStage>;

const isDue = (): Promise<unknown> => Promise.resolve(null);

/** A host with puppets, an outbox and an alarm clock, of which nothing runs by itself. */
export function openStage(options: StageOptions = {}) {
  const db = options.db ?? openDatabase(":memory:");
  const clock: { at: number; now(): number } = options.clock ?? { at: T0, now: () => clock.at };
  const changes: Change[] = [];
  const defects: string[] = [];
  const perform = options.perform ?? isDue;
  const other = options.other ?? isDue;
  const policy = { timeoutMs: 60_000, retry: "forever", backoffCapMs: 8000 } as const;
  const inputOf = ({ input }: { input: unknown }) => input;
  const effects: Record<string, Effect> = options.effects ?? {
    perform: {
      lane: "one",
      ...policy,
      ...options.policy,
      run: (input, context) => perform(inputOf(input), context),
    },
    performOther: {
      lane: "two",
      ...policy,
      run: (input, context) => other(inputOf(input), context),
    },
  };
  const host = new Host({
    store: options.store ?? sqliteStore(db),
    clock,
    machines: {
      puppet: {
        machine: options.machine ?? puppet,
        tells: ["TELL", "SHRUG"],
        ...(options.migrate ? { migrate: options.migrate } : {}),
      },
    },
    effects,
    project(change) {
      changes.push(change);
      return options.project?.(change) ?? [];
    },
    ...(options.onStorage ? { onStorage: options.onStorage } : {}),
  });
  const onDefect = (message: string) => {
    defects.push(message);
  };
  const outbox = new Outbox(host, {
    concurrency: options.concurrency ?? { one: 4, two: 4 },
    random: () => 1,
    onDefect,
  });
  const alarms = new AlarmClock(host, onDefect, outbox);
  const context = (id: string): PuppetContext => {
    const row = db.orm.select().from(actors).where(eq(actors.id, id)).get();
    return row && JSON.parse(row.snapshot).context;
  };

  return {
    db,
    host,
    clock,
    outbox,
    alarms,
    changes,
    defects,
    context,
    heard: (id: string) => context(id)?.heard,
    create: (id: string, input: Partial<PuppetContext> = {}, scope = "s") =>
      host.transact(scope, (tx) => tx.create(id, "puppet", input, { cause: "test" })),
    send: (id: string, event: PuppetEvent, meta: { dedup?: string } = {}) =>
      host.send(id, event, { cause: "test", ...meta }),
    tell: (to: string, say: string, more: object = {}) => ({
      to,
      event: { type: "TELL", say, ...more },
    }),
    /** What a scope's actors did after a revision of it, in order. */
    journal: async (scope: string, seq: number, limit: number) =>
      db.sqlite
        .query<JournalRow, [string, number, number]>(
          "SELECT * FROM journal WHERE scope = ? AND seq > ? ORDER BY seq LIMIT ?",
        )
        .all(scope, seq, limit),
    /** Every row the host keeps, without real times. */
    rows: () =>
      [
        "SELECT * FROM actors ORDER BY id",
        `SELECT scope, actor, rev, at, version, event, cause, "by", reason, snapshot, patch
         FROM journal ORDER BY seq`,
        "SELECT * FROM dedups ORDER BY key",
        "SELECT * FROM alarms ORDER BY actor, name",
        "SELECT * FROM outbox ORDER BY seq",
      ].map((sql) => db.sqlite.query(sql).all()),
    work: () =>
      db.sqlite
        .query<{ key: string; state: string; attempt: number; error: string | null }, []>(
          "SELECT * FROM outbox ORDER BY seq",
        )
        .all(),
    async close() {
      await alarms.stop();
      await outbox.stop(0);
      db.close();
    },
  };
}

/** Waits on real events, with a deadline, until `isSo`. @throws when it does not come. */
export async function eventually(
  isSo: () => boolean | Promise<boolean>,
  what = String(isSo),
): Promise<void> {
  for (const until = performance.now() + 5000; !(await isSo()); await Bun.sleep(1))
    if (performance.now() > until) throw new Error(`never: ${what}`);
}
