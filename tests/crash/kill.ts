/**
 * Kills Berth again and again while tenants work, and proves that nothing was lost or doubled:
 * `bun tests/crash/kill.ts [--kills 200] [--commands 10000] [--tenants 8] [--seed N]`. Exit 1 otherwise.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { generateSecretKey } from "nostr-tools/pure";
import { apiClient } from "../../server/sandbox/api.ts";
import { type Sandbox, startSandbox } from "../../server/sandbox/sandbox.ts";
import { Random } from "../machines/random.ts";
import { answered, newTally, type Tally } from "./commands.ts";
import { type Books, proveBooks } from "./proof.ts";
import { liveAsTenant, type Memory } from "./tenant.ts";

export type KillOptions = { kills: number; commands: number; tenants: number; seed: number };
export type KillReport = Omit<Tally, "wrong"> & {
  seed: number;
  kills: number;
  seconds: number;
  books: Books;
  /** What `bun run replay` said in the end. */
  replay: string;
  /** Everything that is not as it was promised. */
  wrong: string[];
};

/** Every second life of Berth is shorter than this, its start included. */
const SHORT_LIFE_MS = 400;
/** The others see commands through, and end within this after that. */
const LAST_MS = 40;
/** Beyond a sweep of the wallet's transactions: what no notification told is found now. */
const REST_SECONDS = 700;

/** Runs until there were as many kills and as many acknowledged commands as asked for. */
export async function killRun(options: KillOptions): Promise<KillReport> {
  const { seed } = options;
  const random = new Random(seed);
  const startedAt = performance.now();
  const dataDir = mkdtempSync(join(tmpdir(), "berth-kill-"));
  const sandbox = await onQuietPort(random, dataDir);
  try {
    const tally = newTally();
    let kills = 0;
    const isOver = () => kills >= options.kills && tally.acknowledged >= options.commands;
    // Not all lives are short: work that dies with Berth three times is held as what may have killed it.
    const perLongLife = (2 * options.commands) / options.kills;
    const killing = async (): Promise<void> => {
      for (; !isOver(); kills++) {
        if (kills % 2 === 1) await Bun.sleep(random.next() * SHORT_LIFE_MS);
        else {
          const enough = tally.acknowledged + perLongLife * (0.5 + random.next());
          while (tally.acknowledged < enough && !isOver()) await Bun.sleep(1);
          await Bun.sleep(random.next() * LAST_MS);
        }
        await kill(sandbox);
      }
    };
    const living = Array.from({ length: options.tenants }, (_, index) =>
      liveAsTenant({
        url: sandbox.info.url,
        key: generateSecretKey(),
        name: `t${index}`,
        random: new Random(seed + index + 1),
        tally,
        isOver,
      }),
    );
    const [memories] = await Promise.all([Promise.all(living), killing()]);

    const wrong = [...tally.wrong];
    wrong.push(...(await comeToRest(sandbox)), ...(await askAgain(sandbox, memories)));
    await sandbox.stop();
    const proof = proveBooks(dataDir, memories);
    const replay = await replayOf(dataDir);
    if (!replay.endsWith(", 0 differences")) wrong.push(replay);
    const { acknowledged, refused, unanswered } = tally;
    return {
      ...{ seed, kills, acknowledged, refused, unanswered },
      seconds: Math.round((performance.now() - startedAt) / 1000),
      books: proof.books,
      replay,
      wrong: [...wrong, ...proof.wrong],
    };
  } finally {
    await sandbox.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/**
 * On a port below those that systems choose for outgoing connections, so that nobody takes it while
 * Berth is dead.
 */
async function onQuietPort(random: Random, dataDir: string): Promise<Sandbox> {
  for (;;) {
    const port = 20_000 + Math.floor(random.next() * 12_000);
    try {
      return await startSandbox({ port, dataDir });
    } catch (error) {
      if (!String(error).includes("is taken")) throw error;
    }
  }
}

/** Kills the Berth of this moment, and waits until the next one was started. */
async function kill(sandbox: Sandbox): Promise<void> {
  const { berth } = sandbox.pids();
  process.kill(berth, "SIGKILL");
  while (sandbox.pids().berth === berth) await Bun.sleep(1);
}

async function isUp({ info }: Sandbox): Promise<void> {
  await answered(newTally(), () => apiClient(info.url, null).get("/healthz"));
}

/** Lets time pass until everything that was under way has arrived. @returns what has not. */
async function comeToRest(sandbox: Sandbox): Promise<string[]> {
  await isUp(sandbox);
  const rest = { advance_seconds: REST_SECONDS };
  type Moved = { complete: boolean; open: string[] };
  const { body } = await apiClient(sandbox.info.url, null).post<Moved>("/sandbox/clock", rest);
  return body.complete ? [] : [`does not come to rest: ${body.open}`];
}

/** Sends every order once more, under its own key: each must find the relay that it made. */
async function askAgain({ info }: Sandbox, memories: readonly Memory[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const { key, relays } of memories) {
    const api = apiClient(info.url, key);
    for (const { id, order } of relays) {
      const { status, body } = await api.post<{ relay?: { id: string } }>(
        "/tenant/relays",
        order.body,
        order.key,
      );
      if (body.relay?.id !== id) wrong.push(`${id}, asked for again: ${status} ${body.relay?.id}`);
    }
  }
  return wrong;
}

/** What `bun run replay` says of the database. */
async function replayOf(dataDir: string): Promise<string> {
  const child = Bun.spawn(
    [process.execPath, "--no-env-file", join(import.meta.dir, "../../server/replay.ts")],
    {
      env: {
        PATH: process.env.PATH ?? "",
        DATABASE_URL: `sqlite://${dataDir}/hosting.db`,
      },
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const said = await Promise.all([child.stderr, child.stdout].map((s) => new Response(s).text()));
  return said.join("").trim();
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      kills: { type: "string", default: "200" },
      commands: { type: "string", default: "10000" },
      tenants: { type: "string", default: "8" },
      seed: { type: "string", default: String(Date.now() % 1e9) },
    },
  });
  const { kills, commands, tenants, seed } = values;
  console.log(`seed ${seed}`);
  const report = await killRun({
    kills: Number(kills),
    commands: Number(commands),
    tenants: Number(tenants),
    seed: Number(seed),
  });
  console.log(JSON.stringify(report, null, 2));
  process.exit(report.wrong.length === 0 ? 0 : 1);
}
