import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { terminalReporter } from "../../server/sandbox/tour-terminal.ts";

const TOUR = join(import.meta.dir, "../../server/sandbox/tour.ts");

async function tour(args: string[], env: Record<string, string> = {}) {
  const child = Bun.spawn([process.execPath, TOUR, ...args], {
    env: { ...process.env, ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [code, out, errors] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code, out, errors };
}

test("the tour walks the main job within 15 s, a line of JSON a step, and leaves nothing", async () => {
  const directory = mkdtempSync(join(tmpdir(), "berth-tour-"));
  const { code, out, errors } = await tour(["--json"], { TMPDIR: directory });
  const lines = out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(errors).toBe("");
  expect(lines.filter(({ ok }) => !ok)).toEqual([]);
  expect(lines.slice(0, -1).map(({ step }) => step)).toEqual([
    ...["sandbox", "key", "hello", "name", "order", "invoice", "pay", "active", "nip11", "note"],
    ...["journal", "clock", "off", "back", "second", "inbox", "month", "message", "suspended"],
    ...["again", "wallet", "paid", "statement"],
  ]);
  for (const { ms } of lines) expect(ms).toBeGreaterThanOrEqual(0);
  const last = lines.at(-1);
  expect(Object.keys(last)).toEqual(["ok", "ms"]);
  expect(last.ms).toBeLessThan(15_000);
  const of = (wanted: string) => lines.find(({ step }) => step === wanted);
  expect(of("active").states).toEqual(["pending", "provisioning", "active"]);
  expect(of("journal").invoice.at(-1)).toBe("paid");
  expect(code).toBe(0);
  expect(readdirSync(directory)).toEqual([]);
  rmSync(directory, { recursive: true });
}, 20_000);

test("for people it is plain text where there is no terminal", async () => {
  const { code, out } = await tour([]);
  expect(code).toBe(0);
  expect(out).not.toContain("\x1b");
  expect(out).not.toContain("!");
  expect(out).toContain("pending → provisioning → active");
  expect(out).toContain("10,000 sats");
  expect(out).toContain("Your relay is running.");
  expect(out).toMatch(/\n23 steps in \d+\.\d s\./);
}, 20_000);

test("a step that fails is named, and the tour exits with 1", async () => {
  const nowhere = { TMPDIR: "/nonexistent/directory" };
  const { code, out } = await tour(["--json"], nowhere);
  expect(code).toBe(1);
  const [failed, last, ...more] = out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(failed).toMatchObject({ step: "sandbox", ok: false, error: expect.any(String) });
  expect(last).toEqual({ ok: false, ms: expect.any(Number) });
  expect(more).toEqual([]);
  const told = await tour([], nowhere);
  expect(told.code).toBe(1);
  expect(told.out).toContain("The tour ended at step 1, sandbox");
});

test("colours are for terminals, unless NO_COLOR is set", () => {
  const before = process.env.NO_COLOR;
  const shown = (isTTY: boolean): string => {
    let text = "";
    const reporter = terminalReporter({ isTTY, write: (more) => (text += more) });
    reporter.begins("Make a key");
    reporter.ends("key", "Make a key", 7, ["npub1"], {});
    reporter.closes(1200, null);
    return text;
  };
  try {
    delete process.env.NO_COLOR;
    expect(shown(true)).toContain("\x1b[32m●");
    expect(shown(false)).not.toContain("\x1b");
    process.env.NO_COLOR = "1";
    for (const colour of ["\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[38;"])
      expect(shown(true)).not.toContain(colour);
  } finally {
    if (before === undefined) delete process.env.NO_COLOR;
    else process.env.NO_COLOR = before;
  }
});
