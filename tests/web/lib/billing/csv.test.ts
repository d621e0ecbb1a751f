import { expect, test } from "bun:test";
import { csv } from "../../../../web/lib/billing/csv.ts";

test("a table keeps what is in it, and no spreadsheet takes a name for a formula", () => {
  const rows = [
    ["name", "sats", "paid"],
    ["plain", 10_000, null],
    ['the "quoted", one', -1, "two\nlines"],
    ["=1+1", 0, "@SUM(A1)"],
    ["-2+3", 0, "+1"],
    ["\tx", 0, "a=b"],
  ];
  expect(csv(rows)).toBe(
    [
      "name,sats,paid",
      "plain,10000,",
      '"the ""quoted"", one",-1,"two\nlines"',
      "'=1+1,0,'@SUM(A1)",
      "'-2+3,0,'+1",
      "'\tx,0,a=b",
      "",
    ].join("\r\n"),
  );
});
