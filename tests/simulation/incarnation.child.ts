/** `incarnation.child.ts <database> <fatal>`: Berth on a database of its own, in a world elsewhere. */
import { openDatabase } from "../../db/database.ts";
import type { Settlement } from "../../server/wallet/wallet.ts";
import type { Outside } from "./berth.ts";
import { incarnate } from "./incarnation.ts";
import { line, type Message } from "./incarnation-apart.ts";

const [path = "", fatal = "0"] = process.argv.slice(2);
let now = 0;
const listeners = new Set<(settlement: Settlement) => void>();
const wire = line(
  (message) => process.send?.(message),
  () => now,
  serve,
);
const ask = <T>(what: string, ...args: unknown[]) => wire.ask(what, ...args) as Promise<T>;

const outside: Outside = {
  agenda: { now: () => now },
  lightning: {
    pubkey: "a1".repeat(32),
    makeInvoice: (wanted) => ask("makeInvoice", wanted),
    lookup: (hash) => ask("lookup", hash),
    async *settledSince(fromMs) {
      yield* await ask<Settlement[]>("settledSince", fromMs);
    },
    onSettled(callback) {
      listeners.add(callback);
      return () => listeners.delete(callback);
    },
    close() {},
  },
  zooidClient: {
    apply: (relay) => ask("apply", relay),
  },
  // The request is stored before it is sent, as there.
  pay: async (tenant, bolt11, { memo }) =>
    ask("pay", tenant, bolt11, await memo(() => ask("newId"))),
  deliver: async (notice, { memo }) => ask("deliver", notice, await memo(() => ask("newId"))),
};

let points = 0;
/** kill -9, by itself: the kernel ends it here and nowhere else. */
const dies = (): boolean => {
  if (++points === Number(fatal)) process.kill(process.pid, "SIGKILL");
  return false;
};
let berth: ReturnType<typeof incarnate>;

async function serve(what: string, args: unknown[]): Promise<unknown> {
  const [a, b, c] = args as [never, never, never];
  switch (what) {
    case "begin":
      berth = incarnate(openDatabase(path), outside, dies);
      return;
    case "settled":
      for (const listener of listeners) listener(a);
      return;
    case "settle":
      return berth.settle();
    case "visit":
      return berth.visit();
    case "send":
      return berth.send(a, b, c);
    case "payable":
      return berth.payable();
    case "remains":
      return berth.remains();
    default:
      throw new Error(`nobody answers ${what}`);
  }
}

process.on("message", (message: Message) => {
  if ("ask" in message) now = message.now;
  void wire.hear(message);
});
