import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { createVault, Secret } from "../../server/secrets.ts";

const text = "nostr+walletconnect://b889…?relay=wss://r.example&secret=71a8…";
const vault = createVault(new Uint8Array(32).fill(7));

test("a secret is printed by nothing and given out by reveal", () => {
  const secret = new Secret(text);
  expect(secret.reveal()).toBe(text);
  const error = new Error(`wallet ${secret}`, { cause: secret });
  for (const printed of [
    `${secret}`,
    String(secret),
    JSON.stringify({ secret }),
    inspect({ deep: [secret] }, { showHidden: true, depth: 9 }),
    Bun.inspect({ deep: [secret] }),
    Bun.inspect(error),
    JSON.stringify(structuredClone({ ...secret })),
    Object.keys(secret).join(),
  ]) {
    expect(printed).not.toContain("walletconnect");
  }
  expect(`${secret}`).toBe("[secret]");
  expect(JSON.stringify({ secret })).toBe('{"secret":"[secret]"}');
  expect(inspect([secret])).toBe("[ [secret] ]");
});

test("console.log of a secret prints [secret]", () => {
  const child = Bun.spawnSync([
    process.execPath,
    "-e",
    `import { Secret } from ${JSON.stringify(`${import.meta.dir}/../../server/secrets.ts`)};
     const secret = new Secret("hunter2"); console.log(secret, { secret }); console.error([secret]);`,
  ]);
  const printed = `${child.stdout}${child.stderr}`;
  expect(printed).toContain("[secret]");
  expect(printed).not.toContain("hunter2");
});

test("what is sealed opens under the same context", () => {
  for (const value of [text, "", "ünï\u0000\u{1F511}", "x".repeat(100_000)]) {
    expect(vault.open(vault.seal(value, "row-1"), "row-1").reveal()).toBe(value);
  }
});

test("a later process with the same platform secret opens it", () => {
  const later = createVault(new Uint8Array(32).fill(7));
  expect(later.open(vault.seal(text, "row-1"), "row-1").reveal()).toBe(text);
});

test("what an earlier release sealed still opens", () => {
  const sealed = Buffer.from(
    "ASBZFCmLp5nRHb1BP9+DNSormHe2vXCbx54D895Tazhx6JQulZ/F9fVdj8xU4Jg=",
    "base64",
  );
  expect(vault.open(sealed, "row-1").reveal()).toBe("sealed by format 1");
});

test("a secret moved to another row, or under another key, does not open", () => {
  const sealed = vault.seal(text, "row-1");
  const other = createVault(new Uint8Array(32).fill(8));
  expect(() => vault.open(sealed, "row-2")).toThrow("does not open");
  expect(() => other.open(sealed, "row-1")).toThrow("does not open");
});

test("a change of any byte, and any cut, is noticed", () => {
  const sealed = vault.seal("short", "row-1");
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Uint8Array.from(sealed);
    changed[at] = changed[at]! ^ (1 << (at % 8));
    expect(() => vault.open(changed, "row-1")).toThrow("a sealed secret");
    expect(() => vault.open(sealed.subarray(0, at), "row-1")).toThrow("a sealed secret");
  }
  expect(() => vault.open(randomBytes(64), "row-1")).toThrow("a sealed secret");
});

test("the same text is sealed differently each time and leaves no trace in the bytes", () => {
  const one = Buffer.from(vault.seal(text, "row-1"));
  const two = Buffer.from(vault.seal(text, "row-1"));
  expect(one.equals(two)).toBe(false);
  expect(one.includes("walletconnect")).toBe(false);
});
