/** What a process of its own uses, and what its figures are compared with. */
import { Database } from "bun:sqlite";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nobleCurves } from "../tests/vectors/noble-curves.ts";

/** µs of CPU, and bytes handed to the disk. */
export type Used = { cpu: number; bytes: number };

/** Of Linux, and fixed there: what `/proc` counts CPU time in. */
const TICK_MICROSECONDS = 10_000;

/** What a process has used since it began. Linux only: it reads /proc, so the process does nothing for it. */
export function usedBy(pid: number): Used {
  const read = (file: string): string => readFileSync(`/proc/${pid}/${file}`, "utf8");
  // The name in brackets may hold anything; of what follows it, user and system time are 12 and 13.
  const stat = read("stat")
    .replace(/^.*\) /s, "")
    .split(" ");
  const bytes = Number(/^write_bytes: (\d+)$/m.exec(read("io"))?.[1]);
  return { cpu: (Number(stat[11]) + Number(stat[12])) * TICK_MICROSECONDS, bytes };
}

export const rssMegabytesOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

export const difference = (after: Used, before: Used): Used => ({
  cpu: after.cpu - before.cpu,
  bytes: after.bytes - before.bytes,
});

/** µs of CPU of one call, after as many to warm up. */
function cpuOf(calls: number, call: () => unknown): number {
  for (let i = 0; i < calls; i++) call();
  const before = process.cpuUsage();
  for (let i = 0; i < calls; i++) call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

const key = new Uint8Array(32).fill(7);
const message = "ab".repeat(32);
const signature = nobleCurves.sign(message, key);
const pubkey = "989c0b76cb563971fdc9bef31ec06c3560f3249d6ee9e5d83c57625596e05f6f";

/** µs of CPU of one signature verified in JavaScript: what figures of different machines have in common. */
export const verifyInJavaScript = (): number =>
  cpuOf(150, () => {
    if (!nobleCurves.verify(signature, message, pubkey)) throw new Error("it is not valid");
  });

/** ms from begin to end of one commit of one small row, on a file at synchronous=FULL. */
export function bareCommitMs(commits = 200): number {
  const directory = mkdtempSync(join(tmpdir(), "bench-"));
  const db = new Database(join(directory, "db"));
  db.run("PRAGMA journal_mode = WAL");
  db.run("PRAGMA synchronous = FULL");
  db.run("CREATE TABLE t (a TEXT)");
  const insert = db.prepare("INSERT INTO t VALUES ('x')");
  for (let i = 0; i < commits; i++) insert.run();
  const begun = performance.now();
  for (let i = 0; i < commits; i++) insert.run();
  const ms = (performance.now() - begun) / commits;
  db.close();
  rmSync(directory, { recursive: true });
  return ms;
}
