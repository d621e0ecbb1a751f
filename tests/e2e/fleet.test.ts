/** Somebody with several relays: what concerns all of them is said of all. */
import { expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { expectAccessible, expectNoSidewaysScroll, stage } from "./stage.ts";
import type { Visitor } from "./visitor.ts";

type Made = { relay: { id: string }; invoice: { invoice: string } | null };

const DAY = 86_400;
const { visit, ask, pay, advance, faults, sandbox } = stage();

async function made(me: Visitor, name: string, plan = "basic", description = "") {
  const subdomain = `fleet-${crypto.randomUUID().slice(0, 8)}`;
  const wish = { name, subdomain, plan, description };
  const { relay, invoice } = await ask<Made>(me, "POST", "/tenant/relays", wish);
  if (invoice) await pay(invoice.invoice);
  return relay.id;
}
const names = (page: Page) => page.locator("[data-slot=relay] a > :first-child").allTextContents();

test("what is switched off pushes nothing down that runs, but where names are looked for", async () => {
  const me = await visit({ loggedIn: true });
  const { page } = me;
  await made(me, "Older", "free");
  const gone = await made(me, "Given up", "free");
  await ask(me, "DELETE", `/tenant/relays/${gone}`);
  await page.goto("/relays");
  await page.getByText("Given up", { exact: true }).waitFor();
  expect(await names(page)).toEqual(["Older", "Given up"]);
  await page.getByLabel("Order").selectOption("Due first");
  expect(await names(page)).toEqual(["Older", "Given up"]);
  await page.getByLabel("Order").selectOption("By name");
  expect(await names(page)).toEqual(["Given up", "Older"]);
});

test("a bill for several relays is said to be, and a change of one names the whole", async () => {
  const me = await visit({ loggedIn: true });
  const { page } = me;
  const id = await made(me, "Book club");
  await made(me, "Makers");
  await page.goto("/relays");
  await page.locator("[data-status=active]").nth(1).waitFor();
  await advance(32 * DAY);
  await page.getByText("2 relays need a payment").waitFor();
  await page.getByText("After that they are suspended; nothing is deleted.").waitFor();
  await page.goto(`/relays/${id}?tab=plan`);
  await page.getByRole("radio", { name: /Growth/ }).check({ force: true });
  const words = await page.getByText("With your other relays that is one invoice of").textContent();
  const [amount = ""] = words?.match(/[\d,]+ sats/) ?? [];
  await page.getByRole("button", { name: /Change to Growth/ }).click();
  await page.getByRole("heading", { name: /and 1 more/ }).waitFor();
  await page.locator("article header").getByText(amount, { exact: true }).waitFor();
  await page.getByRole("status").filter({ hasText: "Waiting for your payment." }).waitFor();
  expect(Number.parseInt(amount.replace(",", ""), 10)).toBeGreaterThan(50_000);
});

test("what people write in a right-to-left language is read from the right", async () => {
  const me = await visit({ loggedIn: true });
  const { page } = me;
  const id = await made(me, "ميناء!", "free", "نلتقي هنا.");
  const direction = (text: string) =>
    page
      .getByText(text, { exact: true })
      .evaluate((element) => getComputedStyle(element).direction);
  await page.goto("/relays");
  await page.getByText("ميناء!", { exact: true }).waitFor();
  expect(await direction("ميناء!")).toBe("rtl");
  await page.goto(`/relays/${id}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.getByText("نلتقي هنا.").waitFor();
  expect(await direction("ميناء!")).toBe("rtl");
  expect(await direction("نلتقي هنا.")).toBe("rtl");
  await page.getByRole("link", { name: "Edit" }).click();
  const name = page.getByRole("textbox", { name: "Name" });
  expect(await name.evaluate((element) => getComputedStyle(element).direction)).toBe("rtl");
});

test("a name that is one long word hangs out nowhere", async () => {
  const me = await visit({ loggedIn: true, width: 390 });
  const { page } = me;
  const id = await made(me, "Donaudampfschifffahrtsgesellschaft".repeat(2));
  await ask(me, "PUT", "/tenant/billing", { nwc_url: sandbox().info.tenant_nwc_url });
  await page.goto("/account?tab=billing");
  await page.getByText("Next: 10,000 sats").waitFor();
  await expectNoSidewaysScroll(page);
  const { items } = await ask<{ items: { id: string }[] }>(me, "GET", "/tenant/invoices");
  await page.goto(`/account?invoice=${items[0]?.id}`);
  await page.getByRole("heading", { name: "Paid" }).waitFor();
  await expectNoSidewaysScroll(page);
  await page.goto(`/relays/${id}`);
  await page.getByRole("button", { name: "Deactivate" }).click();
  const box = await page.getByRole("button", { name: "Close" }).boundingBox();
  expect(box?.width).toBe(36);
  expect((box?.x ?? 390) + 36).toBeLessThan(390);
});

test("where the wallet is connected it is said what it would not pay, and how to pay that", async () => {
  const me = await visit({ loggedIn: true });
  const { page } = me;
  await made(me, "Book club");
  await ask(me, "PUT", "/tenant/billing", { nwc_url: sandbox().info.tenant_nwc_url });
  await page.goto("/account?tab=billing");
  await page.getByText("Next: 10,000 sats").waitFor();
  await faults({ tenant_wallet: "quota" });
  await advance(32 * DAY);
  await page.getByText("Your wallet did not pay: its budget is used up.").waitFor();
  await faults({ tenant_wallet: "ok" });
  await expectAccessible(page);
  await page.getByRole("link", { name: "Pay 10,000 sats" }).click();
  await page.getByRole("heading", { name: "Pay for Book club" }).waitFor();
});
