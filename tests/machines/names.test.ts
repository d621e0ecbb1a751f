import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  isSafeText,
  SUBDOMAIN_MAX,
  schemaFor,
  subdomainProblem,
  suggestedSubdomain,
} from "../../machines/names.ts";

const codeOf = (name: string) => subdomainProblem(name)?.code ?? null;

describe("subdomainProblem", () => {
  const cases: [string, ReturnType<typeof codeOf>][] = [
    ["frogs", null],
    ["a1b", null],
    ["123", null],
    ["4chan-frogs", null],
    ["a-b", null],
    ["a--b", null],
    ["a".repeat(46), null],
    ["", "subdomain_too_short"],
    ["ab", "subdomain_too_short"],
    ["a".repeat(47), "subdomain_too_long"],
    ["Frogs", "subdomain_malformed"],
    ["-frogs", "subdomain_malformed"],
    ["frogs-", "subdomain_malformed"],
    ["fro_gs", "subdomain_malformed"],
    ["fro gs", "subdomain_malformed"],
    ["frogs.", "subdomain_malformed"],
    ["fr.ogs", "subdomain_malformed"],
    ["frögs", "subdomain_malformed"],
    ["frogs\n", "subdomain_malformed"],
    ["xn--frgs-5qa", "subdomain_malformed"],
    ["ab--cd", "subdomain_malformed"],
    ["abc--d", null],
    ["www", "subdomain_reserved"],
    ["admin", "subdomain_reserved"],
    ["berth", "subdomain_reserved"],
    ["autodiscover", "subdomain_reserved"],
    ["isatap", "subdomain_reserved"],
    ["constructor", null],
  ];
  for (const [name, code] of cases)
    test(`of ${JSON.stringify(name)} is ${code ?? "nothing"}`, () =>
      expect(codeOf(name)).toBe(code));

  test("always says how to mend it", () => {
    for (const [name, code] of cases)
      if (code !== null) expect(subdomainProblem(name)?.fix.length).toBeGreaterThan(10);
  });

  test("lets nothing through that is no RFC 1123 label of 3 to 46 characters", () => {
    const label = /^[a-z0-9][a-z0-9-]{1,44}[a-z0-9]$/;
    fc.assert(
      fc.property(fc.string({ maxLength: 60, unit: "binary" }), (name) => {
        if (codeOf(name) === null) expect(name).toMatch(label);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("schemaFor", () => {
  const letters = "abcdefghijklmnopqrstuvwxyz";
  const ends = fc.constantFrom(...letters, ..."0123456789");
  const within = fc.string({
    unit: fc.constantFrom(...letters, ..."0123456789", "-", "-", "-"),
    minLength: 1,
    maxLength: SUBDOMAIN_MAX - 2,
  });
  const subdomain = fc
    .tuple(ends, within, ends)
    .map((parts) => parts.join(""))
    .filter((name) => codeOf(name) === null);
  const suffix = fc.string({
    unit: fc.constantFrom(..."0123456789abcdef"),
    minLength: 1,
    maxLength: 16,
  });
  /** What zooid takes without a panic. */
  const schema = /^(?!sqlite)[a-z][a-z0-9_]{0,45}[a-z0-9]$/;

  test("fits zooid for every subdomain, with and without a suffix", () => {
    fc.assert(
      fc.property(subdomain, suffix, (name, tail) => {
        expect(schemaFor(name)).toMatch(schema);
        expect(schemaFor(name, tail)).toMatch(schema);
        expect(schemaFor(name, tail)).toEndWith(`_${tail}`);
      }),
      { numRuns: 2_000 },
    );
  });

  test("fits zooid at the longest and oddest", () => {
    for (const name of [
      "9".repeat(46),
      `9${"-".repeat(44)}9`.replace("---", "9a-"),
      `${"a-".repeat(22)}ab`,
      "a".repeat(46),
      "sqlite",
      "sqlite-master",
      "sqlitefans",
      `sqlite${"9".repeat(40)}`,
    ])
      for (const tail of [undefined, "0", "deadbeef"])
        expect(schemaFor(name, tail)).toMatch(schema);
  });

  test("keeps a name that fits", () => {
    expect(schemaFor("frogs")).toBe("frogs");
    expect(schemaFor("big-frogs")).toBe("big_frogs");
    expect(schemaFor("21frogs")).toBe("r21frogs");
    expect(schemaFor("sqlite")).toBe("rsqlite");
    expect(schemaFor("my-sqlite")).toBe("my_sqlite");
    expect(schemaFor("big-frogs", "0a1b")).toBe("big_frogs_0a1b");
  });
});

describe("isSafeText", () => {
  const name = (text: string) => isSafeText(text, { lines: false });
  const description = (text: string) => isSafeText(text, { lines: true });

  test("lets words of every language and signs of every kind stand", () => {
    for (const text of [
      "",
      "Frogs",
      "Größe & <b>",
      "青蛙",
      "ضفادع",
      "🐸👩‍👩‍👧",
      "'; DROP TABLE relays; --",
    ])
      expect([name(text), description(text)]).toEqual([true, true]);
  });

  test("lets lines and tabs stand in a description only", () => {
    for (const text of ["a\nb", "a\tb"])
      expect([name(text), description(text)]).toEqual([false, true]);
  });

  test("refuses controls, separators, direction marks, byte-order marks and torn pairs", () => {
    const unsafe = [
      "\u0000",
      "\u0007",
      "\r",
      "\u001b",
      "\u007f",
      "\u0085",
      "\u061c",
      "\u200e",
      "\u202e",
      "\u2028",
      "\u2066",
      "\ufeff",
      "\ufffe",
      "\ud800",
      "\udc00",
    ];
    for (const character of unsafe)
      for (const isSafe of [name, description])
        expect({ character: JSON.stringify(character), safe: isSafe(`a${character}b`) }).toEqual({
          character: JSON.stringify(character),
          safe: false,
        });
  });
});

test.each([
  ["Book club", "book-club"],
  ["  Café  Größe & Söhne! ", "cafe-grosse-sohne"],
  ["Anna's place", "annas-place"],
  ["a".repeat(60), "a".repeat(46)],
  [`${"a".repeat(45)} b`, "a".repeat(45)],
  ["日本語", ""],
  ["ab -- cd", "ab-cd"],
])("the name %p suggests the subdomain %p", (name, subdomain) => {
  expect(suggestedSubdomain(name)).toBe(subdomain);
});

test("whatever a name is, a suggestion is a subdomain, or too short, or reserved", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (name) => {
      const code = subdomainProblem(suggestedSubdomain(name))?.code ?? null;
      expect([null, "subdomain_too_short", "subdomain_reserved"]).toContain(code);
    }),
  );
});
