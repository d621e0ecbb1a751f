import { expect, test } from "bun:test";
import { decode, type NSec } from "nostr-tools/nip19";
import { getPublicKey } from "nostr-tools/pure";
import type { Locator, Page } from "playwright-core";
import { expectAccessible, expectNoSidewaysScroll, stage } from "./stage.ts";

const { visit, ask, sandbox, url } = stage();

type State = {
  now: number;
  ahead_seconds: number;
  faults: Record<string, string>;
  tenant_balance_sats: number;
};
const state = async (): Promise<State> => (await fetch(`${url()}/sandbox`)).json();
const barOf = (page: Page) => page.getByRole("complementary", { name: "Sandbox" });
const says = (bar: Locator, words: string | RegExp) =>
  bar.getByRole("status").filter({ hasText: words }).waitFor();
const open = (bar: Locator) => bar.getByRole("button", { name: "Sandbox tools" }).click();

test("time moves by a click, and the page's clock with it", async () => {
  const { page } = await visit();
  await page.goto("/");
  const bar = barOf(page);
  const before = await state();
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route("**/sandbox/clock", async (route) => {
    await released;
    await route.continue();
  });
  await bar.getByRole("button", { name: "+1 day" }).click();
  await says(bar, "Moving time by 1 day.");
  expect(await bar.getByRole("button", { name: "+7 days" }).isDisabled()).toBe(true);
  release();
  await says(bar, "It is 1 day later, and all that was due has happened.");
  const after = await state();
  expect(after.ahead_seconds - before.ahead_seconds).toBeGreaterThanOrEqual(86_400);
  const shown = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
  await bar.getByText(shown.format(after.now * 1000)).waitFor();
  await bar.getByText(/\d+ (?:hours|days) ahead/).waitFor();
});

test("what is still in flight where an advance stopped is said", async () => {
  const { page } = await visit();
  await page.route("**/sandbox/clock", (route) =>
    route.fulfill({ json: { now: 1, complete: false, stops: 1, open: ["relay/r1 applyRelay"] } }),
  );
  await page.goto("/");
  const bar = barOf(page);
  await bar.getByRole("button", { name: "+1 h" }).click();
  await says(bar, "Still in flight: relay/r1 applyRelay.");
});

test("the invoice on the page is paid by a click, and only there can be", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  const { invoice } = await ask<{ invoice: { id: string } }>(visitor, "POST", "/tenant/relays", {
    name: "Book club",
    subdomain: "bar-bookclub",
    plan: "basic",
  });
  await page.goto("/");
  const bar = barOf(page);
  await bar.getByRole("button", { name: "+1 h" }).waitFor();
  expect(await bar.getByRole("button", { name: "Pay" }).count()).toBe(0);
  await page.goto(`/account?invoice=${invoice.id}`);
  const { tenant_balance_sats } = await state();
  await bar.getByRole("button", { name: "Pay" }).click();
  await says(bar, "Paid 10,000 sats from the sandbox's wallet.");
  await page.getByRole("heading", { name: "Paid", level: 1 }).waitFor();
  expect((await state()).tenant_balance_sats).toBeLessThanOrEqual(tenant_balance_sats - 10_000);
});

test("faults are switched on and off", async () => {
  const { page } = await visit();
  await page.goto("/");
  const bar = barOf(page);
  await open(bar);
  const zooid = bar.getByRole("switch", { name: "zooid is down" });
  await zooid.focus();
  await page.keyboard.press("Space");
  await bar.getByRole("switch", { name: "zooid is down", checked: true }).waitFor();
  expect((await state()).faults.zooid).toBe("down");
  await page.keyboard.press("Space");
  await bar.getByRole("switch", { name: "zooid is down", checked: false }).waitFor();
  const switched = page.waitForResponse("**/sandbox/faults");
  await bar.getByRole("combobox", { name: "State" }).selectOption("is empty");
  await switched;
  expect((await state()).faults).toMatchObject({ zooid: "ok", tenant_wallet: "empty" });
  await bar.getByRole("combobox", { name: "State" }).selectOption("works");
});

test.each(["tenant", "admin"] as const)("who visits is the %s by a click", async (as) => {
  const { page } = await visit({ extension: false });
  await page.goto("/");
  const bar = barOf(page);
  await open(bar);
  await bar.getByRole("button", { name: `As the ${as}` }).click();
  await page.waitForURL("**/relays");
  await page.getByRole("heading", { name: "My relays" }).waitFor();
  const kept = await page.evaluate(() => localStorage.getItem("berth.login"));
  const { data } = decode(sandbox().info[`${as}_nsec`] as NSec);
  const pubkey = getPublicKey(data);
  expect(JSON.parse(kept ?? "null")).toEqual({ method: "key", pubkey });
});

test("the tenant's wallet is copied, to be connected", async () => {
  const { page } = await visit();
  await page.goto("/");
  const bar = barOf(page);
  await open(bar);
  await bar.getByRole("button", { name: "Copy its NWC URL" }).click();
  await bar.getByText("Copied").waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
    sandbox().info.tenant_nwc_url,
  );
});

test("the bar is out of the way on demand, and stays so", async () => {
  const { page } = await visit({ width: 390 });
  await page.goto("/");
  await open(barOf(page));
  await barOf(page).getByRole("button", { name: "Hide this bar" }).click();
  await page.reload();
  const tab = page.getByRole("button", { name: "Sandbox", exact: true });
  await tab.waitFor();
  expect(await barOf(page).count()).toBe(0);
  await tab.click();
  await barOf(page).waitFor();
});

test("the open bar has nothing that axe objects to, and hangs out nowhere", async () => {
  const { page } = await visit();
  await page.goto("/");
  const bar = barOf(page);
  await open(bar);
  await bar.getByRole("switch", { name: "zooid is down" }).waitFor();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
});
