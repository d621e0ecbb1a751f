import { expect, test } from "bun:test";
import { pieces } from "../../../../web/lib/notices/words.ts";

test("only our own pages become links in a message, and a bolt11 is only to be copied", () => {
  const bolt11 = `lnbc1${"x7x0".repeat(30)}`;
  const text = `See https://berth.example/account?invoice=i1 or https://berth.example.evil/x or https://berth.example/account. Or https://berth.example@evil/x or ${bolt11}.`;
  const found = pieces(text, "https://berth.example");
  expect(found.map(({ text }) => text).join("")).toBe(text);
  expect(found.flatMap(({ path }) => path ?? [])).toEqual(["/account?invoice=i1", "/account"]);
  expect(found.filter(({ isCode }) => isCode).map(({ text }) => text)).toEqual([bolt11]);
});
