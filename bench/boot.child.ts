/** Boots a host on the database of argv[2], and says how long that took and what it holds. */
import { openDatabase } from "../db/database.ts";
import { lockDatabase } from "../db/lock.ts";
import { AlarmClock } from "../server/host/alarms.ts";
import { migrateActors } from "../server/host/boot.ts";
import { Outbox } from "../server/host/outbox.ts";
import { openHost } from "./host.ts";

const onDefect = (message: string, error: unknown): void => {
  throw new Error(message, { cause: error });
};
const begunAt = performance.now();
const path = process.argv[2] ?? "";
lockDatabase(path);
const db = openDatabase(path);
const host = openHost(db);
await migrateActors(host);
const alarms = new AlarmClock(host, onDefect);
const outbox = new Outbox(host, { concurrency: { none: 1 }, onDefect });
alarms.start();
await alarms.wake();
await outbox.start();
await host.drained();
const readyMs = performance.now() - begunAt;
Bun.gc(true);
const rssMb = process.memoryUsage.rss() / 2 ** 20;
console.log(JSON.stringify({ readyMs, rssMb }));
await alarms.stop();
await outbox.stop();
db.close();
process.exit(0);
