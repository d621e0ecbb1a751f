/**
 * A process of Berth that is one: `incarnation.child.ts`. The world stays here, and it calls it over IPC
 * as the real one calls wallet and zooid over sockets.
 */
import { AppError, Refused, Unavailable } from "../../server/errors.ts";
import { type Incarnation, Killed, type Remains } from "./two-months.ts";
import type { World } from "./world.ts";

/** What either side asks of the other. `now` is the world's time. */
type Ask = { ask: number; what: string; args: unknown[]; now: number };
type Answer =
  | { answer: number; value: unknown }
  | { answer: number; error: { name: string; code: string; status: number; message: string } };
export type Message = Ask | Answer;

const asError = (error: unknown) => {
  const { name, message, code = "", status = 0 } = error as AppError;
  return { name, message, code, status };
};
function fromError({ name, code, status, message }: ReturnType<typeof asError>): Error {
  if (name === "AppError") return new AppError(code, status as AppError["status"], message);
  if (name === "Unavailable") return new Unavailable(code, message);
  if (name === "Refused") return new Refused(code, message);
  return new Error(message);
}

/** Both ends of the line. @param serve - answers what the other side asks. */
export function line(
  send: (message: Message) => void,
  now: () => number,
  serve: (what: string, args: unknown[]) => Promise<unknown>,
) {
  const open = new Map<number, PromiseWithResolvers<unknown>>();
  let count = 0;
  return {
    ask(what: string, ...args: unknown[]): Promise<unknown> {
      const waiting = Promise.withResolvers<unknown>();
      open.set(++count, waiting);
      send({ ask: count, what, args, now: now() });
      return waiting.promise;
    },
    async hear(message: Message): Promise<void> {
      if ("ask" in message) {
        const { ask: answer, what, args } = message;
        const outcome = await serve(what, args).then(
          (value) => ({ answer, value }),
          (error) => ({ answer, error: asError(error) }),
        );
        send(outcome);
        return;
      }
      const waiting = open.get(message.answer);
      open.delete(message.answer);
      if ("error" in message) waiting?.reject(fromError(message.error));
      else waiting?.resolve(message.value);
    },
    /** Nobody will answer any more. */
    cut(error: Error): void {
      for (const { reject } of open.values()) reject(error);
      open.clear();
    },
  };
}

/** What the process may ask of the world. */
function worldly(world: World, what: string, args: unknown[]): Promise<unknown> {
  const { lightning, zooidClient, random } = world;
  const signal = AbortSignal.timeout(60_000);
  /** Stored there already: here it is what it is. */
  const memo = (value: unknown) => ({ memo: async <T>() => value as T, signal, attempt: 1 });
  const [a, b, c] = args as [never, never, never];
  switch (what) {
    case "makeInvoice":
      return lightning.makeInvoice(a);
    case "lookup":
      return lightning.lookup(a);
    case "settledSince":
      return Array.fromAsync(lightning.settledSince(a));
    case "apply":
      return zooidClient.apply(a, null, signal);
    case "newId":
      return Promise.resolve(random.hex(32));
    case "pay":
      return world.pay(a, b, memo(c));
    case "deliver":
      return world.deliver(a, memo(b));
    default:
      throw new Error(`nobody answers ${what}`);
  }
}

/**
 * Begins a process on the database at `path`. @param fatal - its point at which it ends itself by SIGKILL.
 * @param onDeath - told by which signal it ended, when it did so by itself.
 */
export async function incarnateApart(
  path: string,
  world: World,
  fatal: number | null,
  onDeath: (signal: unknown) => void,
): Promise<Incarnation> {
  let [isDead, isClosing] = [false, false];
  const { agenda, lightning } = world;
  const child = Bun.spawn(
    [process.execPath, `${import.meta.dir}/incarnation.child.ts`, path, `${fatal ?? 0}`],
    {
      ipc: (message) => void wire.hear(message as Message),
      onExit(_child, _code, _signal) {
        isDead = true;
        if (!isClosing) onDeath(child.signalCode);
        wire.cut(new Killed());
      },
      stdout: "inherit",
      stderr: "inherit",
    },
  );
  const send = (message: Message): void => {
    if (isDead) return;
    try {
      child.send(message);
    } catch {
      // It is dying: that it did is told apart, and ends what was asked.
    }
  };
  const wire = line(send, agenda.now, (what, args) => worldly(world, what, args));
  const ask = <T>(what: string, ...args: unknown[]): Promise<T> =>
    isDead ? Promise.reject(new Killed()) : (wire.ask(what, ...args) as Promise<T>);
  lightning.onSettled((settlement) => {
    if (!isDead) void ask("settled", settlement).catch(() => {});
  });
  // It may die while it begins, as at any other time.
  await ask("begin").catch(() => {});
  return {
    get isDead() {
      return isDead;
    },
    settle: () => ask<number>("settle"),
    visit: () => ask<void>("visit"),
    send: (...asked) => ask<void>("send", ...asked),
    payable: () => ask<string[]>("payable"),
    remains: () => ask<Remains>("remains"),
    async close() {
      isClosing = true;
      if (!isDead) child.kill("SIGTERM");
      await child.exited;
    },
  };
}
