import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { decode } from "nostr-tools/nip19";
import type { Page } from "playwright-core";
import { signed } from "./signed.ts";
import { expectAccessible, expectNoSidewaysScroll, stage } from "./stage.ts";
import type { Visitor } from "./visitor.ts";

const { visit, ask, pay, advance, sandbox, url } = stage();

type Ordered = { relay: { id: string }; invoice: { id: string; invoice: string } };
const DAY_SECONDS = 86_400;

const named = () => `harbour-${crypto.randomUUID().slice(0, 8)}`;
const order = (visitor: Visitor, name = named(), plan = "basic") =>
  ask<Ordered>(visitor, "POST", "/tenant/relays", {
    name,
    subdomain: named(),
    plan,
  });
/** A paid relay that runs. */
async function running(visitor: Visitor, name: string): Promise<Ordered> {
  const ordered = await order(visitor, name);
  await pay(ordered.invoice.invoice);
  return ordered;
}
/** Presses Tab until the focus is on what is called so. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let tries = 0; tries < 40; tries++) {
    await page.keyboard.press("Tab");
    const called = await page.evaluate(() => {
      const at = document.activeElement;
      const labels = at instanceof HTMLInputElement ? [...(at.labels ?? [])] : [];
      return [at?.ariaLabel, at?.textContent, ...labels.map((label) => label.textContent)].join(
        " ",
      );
    });
    if (called.includes(name)) return;
  }
  throw new Error(`Tab does not reach ${name}`);
}
const part = (page: Page, name: string) => page.getByRole("region", { name });
/** The operator does something to a tenant. */
const operate = (method: string, path: string, body: Record<string, unknown>) =>
  signed(url(), decode(sandbox().info.admin_nsec as `nsec1${string}`).data, method, path, {
    ...body,
    reason: "for the test",
  });

test("what is due, what comes and who pays it are told, and change as they are paid", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  const { invoice } = await order(visitor, "Book club");
  await page.goto("/account");
  const due = part(page, "Due now");
  await due.getByText("New relay for Book club").waitFor();
  await due.getByText("The name is kept for you until").waitFor();
  expect(
    await due.getByRole("link", { name: "Pay 10,000 sats for Book club" }).getAttribute("href"),
  ).toBe(`/account?invoice=${invoice.id}`);
  const ahead = part(page, "The next 90 days");
  await ahead.getByText("The reservation of Book club would end").waitFor();

  await pay(invoice.invoice);
  await due.getByText("Nothing to pay.").waitFor();
  await page.getByText("10,000 sats for Book club, in").waitFor();
  // It was foreseen from what is no more: looking again is offered, and asks once.
  await ahead.getByRole("button", { name: "Things have changed: look again" }).click();
  await ahead.getByText("One invoice of 10,000 sats for Book club.").waitFor();
  await ahead.getByText(/We remind you on \d+ \w+ and on \d+ \w+\./).waitFor();
  await ahead.getByText("Book club would run on in grace.").waitFor();
  await ahead.getByText("Book club would be suspended.").waitFor();
});

test("the forecast says when a wallet pays", async () => {
  const visitor = await visit({ loggedIn: true });
  await ask(visitor, "PUT", "/tenant/billing", { nwc_url: sandbox().info.tenant_nwc_url });
  await running(visitor, "Choir");
  await visitor.page.goto("/account");
  await visitor.page.getByText("Your wallet", { exact: true }).waitFor();
  await visitor.page.getByText("10,000 sats for Choir, in").waitFor();
  const ahead = part(visitor.page, "The next 90 days");
  const pays = ahead.getByRole("listitem").filter({ hasText: "Your wallet pays it." });
  await pays.first().getByText("One invoice of 10,000 sats for Choir.").waitFor();
  expect(await ahead.getByText("suspended").count()).toBe(0);
});

test("both sides of the statement add up to the same", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  await ask(visitor, "GET", "/tenant");
  await operate("POST", `/admin/tenants/${visitor.pubkey}/credit`, { sats: 4_000 });
  await order(visitor, "Half paid");
  await page.goto("/account");
  await page.getByText("after 4,000 sats credit").waitFor();
  await page.getByText("Your money, to the sat").click();
  await page.getByText("The operator gave you").waitFor();
  const together = page.getByText("Together").locator("xpath=following-sibling::dd");
  expect(await together.allInnerTexts()).toEqual(["4,000 sats", "4,000 sats"]);
});

test("an invoice turns paid where it is looked at, and its receipt proves the payment", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  const { invoice } = await order(visitor, "Reading room");
  await page.goto("/account?tab=invoices");
  const row = page.getByRole("row").filter({ hasText: "Reading room" });
  await row.getByText("to pay").waitFor();
  await row.getByRole("link", { name: "show the invoice" }).click();
  await page.getByRole("dialog", { name: "Invoice" }).waitFor();
  const { preimage, payment_hash } = (await pay(invoice.invoice)) as Record<string, string>;

  const receipt = page.getByRole("dialog", { name: "Receipt 1" });
  await receipt.getByText("Paid over Lightning.").waitFor();
  await receipt.getByText(/^Basic · New relay · .* UTC – .* UTC/).waitFor();
  await receipt.getByLabel("Name on receipts").fill("Book club e.V.");
  const isCopied = (text = "") =>
    page.waitForFunction(async (wanted) => (await navigator.clipboard.readText()) === wanted, text);
  expect([preimage?.length, payment_hash?.length]).toEqual([64, 64]);
  await receipt.getByRole("button", { name: "Copy the preimage" }).click();
  await isCopied(preimage);
  await receipt.getByRole("button", { name: "Copy the payment hash" }).click();
  await isCopied(payment_hash);
  await expectAccessible(page);

  // It is a page of its own to the back button, and to who opens its address.
  await page.keyboard.press("Escape");
  await receipt.waitFor({ state: "detached" });
  await row.getByText("paid", { exact: true }).waitFor();
  await row.locator("a:focus").waitFor();
  await page.goto(`/account?tab=invoices&receipt=${invoice.id}`);
  await receipt.waitFor();
});

test("the history is filtered, searched and paged, and what is new is seen without asking", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  for (let count = 1; count <= 21; count++) {
    const { relay } = await order(visitor, `Try ${count}`);
    await ask(visitor, "DELETE", `/tenant/relays/${relay.id}`);
  }
  await page.goto("/account?tab=invoices");
  await page.getByText("1–20 of 21").waitFor();
  await page.getByRole("button", { name: "Older" }).click();
  await page.getByText("21–21 of 21").waitFor();
  // There is no further page, and who pages by keyboard is still there.
  await page.locator("button[aria-disabled]:focus", { hasText: "Older" }).waitFor();
  expect(page.url()).toContain("page=2");
  await page.goBack();
  await page.getByText("1–20 of 21").waitFor();

  await order(visitor, "Late comer");
  const newest = page.getByRole("row").nth(1);
  await newest.getByText("Late comer", { exact: true }).waitFor();
  await page.getByText("1–21 of 22").waitFor();
  await page.getByRole("radio", { name: "To pay" }).check({ force: true });
  await page.getByText("1 in all").waitFor();
  await newest.getByText("Late comer", { exact: true }).waitFor();
  expect(page.url()).toContain("status=pending");

  await page.getByRole("radio", { name: "All" }).check({ force: true });
  await page.getByRole("searchbox", { name: "Search invoices" }).fill("Try 7");
  await page.keyboard.press("Enter");
  await page.getByText("1 in all").waitFor();
  await newest.getByText("Try 7", { exact: true }).waitFor();
  await newest.getByText("expired").waitFor();
  await page.reload();
  expect(await page.getByRole("searchbox").inputValue()).toBe("Try 7");
  await newest.getByText("Try 7", { exact: true }).waitFor();
  await page.getByRole("radio", { name: "Void" }).check({ force: true });
  await page.getByText("No invoice fits that").waitFor();
  await page.getByRole("button", { name: "Show all invoices" }).click();
  await page.getByText("1–20 of 22").waitFor();
});

test("the whole history is saved as a table that no spreadsheet takes for formulas", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  const name = '=SUM(A1), the "quoted" one';
  const first = await running(visitor, name);
  const second = await order(visitor, "Café");
  await page.goto("/account?tab=invoices");
  const [saved] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download all invoices as CSV" }).click(),
  ]);
  expect(saved.suggestedFilename()).toMatch(/^berth-invoices-\d{4}-\d\d-\d\d\.csv$/);
  const text = readFileSync(await saved.path(), "utf8");
  expect(text.startsWith("\ufeffinvoice,state,created,paid,")).toBe(true);
  const lines = text.split("\r\n");
  expect(lines.length).toBe(4);
  const line = (id: string) => lines.find((one) => one.startsWith(`${id},`)) ?? "";
  const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`;
  expect(line(first.invoice.id)).toMatch(
    new RegExp(
      `^${first.invoice.id},paid,${time},${time},purchase,${first.relay.id},` +
        `"'=SUM\\(A1\\), the ""quoted"" one",${time},${time},0,applied,10000,10000,0,[0-9a-f]{64},[0-9a-f]{64},lnbcrt\\w+,1$`,
    ),
  );
  expect(line(second.invoice.id)).toContain(`,purchase,${second.relay.id},Café,`);
  expect(line(second.invoice.id)).toContain(",pending,");
});

test("a wallet is connected, checked and disconnected; what is wrong is said beside the field", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  await running(visitor, "Makers");
  await page.goto("/account?tab=billing");
  await page.getByText("10,100").waitFor();
  const field = page.getByLabel("Connection from your wallet");
  const connect = page.getByRole("button", { name: "Connect the wallet" });
  const half = "nostr+walletconnect://abc";
  await field.fill(half);
  await connect.click();
  await page.getByText("This is not a whole connection.").waitFor();
  expect(await field.inputValue()).toBe(half);
  expect(await field.evaluate((input) => input === document.activeElement)).toBe(true);
  await page.getByRole("button", { name: "Show what is typed" }).click();
  expect(await field.getAttribute("type")).toBe("text");

  // A wallet that does not answer is said in its words, and nothing typed is lost.
  const unknown = sandbox().info.tenant_nwc_url.replace(/secret=[0-9a-f]{8}/, "secret=deadbeef");
  await field.fill(unknown);
  await connect.click();
  await page.getByText(/^This wallet does not (answer|know)/).waitFor();
  expect(await field.inputValue()).toBe(unknown);

  await field.fill(sandbox().info.tenant_nwc_url);
  await connect.click();
  await page.getByText("Your wallet pays each renewal.").waitFor();
  await page.getByText("This connection can do more than pay.").waitFor();
  expect(await field.count()).toBe(0);
  expect(await page.content()).not.toContain("walletconnect://");

  await page.getByRole("button", { name: "Check the wallet" }).click();
  await page.getByText("Your wallet answers").waitFor();
  await page.getByRole("button", { name: "Use another" }).click();
  await page.getByLabel("New connection").waitFor();

  await page.getByRole("button", { name: "Disconnect" }).click();
  const question = page.getByRole("dialog", { name: "Disconnect your wallet?" });
  await question.getByText("Your relays keep running.").waitFor();
  await question.getByRole("button", { name: "Disconnect" }).click();
  await page.getByText("You pay each invoice yourself.").waitFor();
  expect(await field.inputValue()).toBe("");
});

test("connecting a wallet pays what is due at once, and says so before", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  await running(visitor, "Late payer");
  await advance(31 * DAY_SECONDS);
  await page.goto("/account?tab=billing");
  await page.getByText("What is due is charged at once: 10,000 sats for Late payer.").waitFor();
  await page.getByLabel("Connection from your wallet").fill(sandbox().info.tenant_nwc_url);
  await page.getByRole("button", { name: "Connect the wallet" }).click();
  await page.getByText("Your wallet pays each renewal.").waitFor();
  await page.getByRole("tab", { name: "Invoices" }).click();
  const row = page.getByRole("row").filter({ hasText: "Renewal" });
  await row.getByText("paid", { exact: true }).waitFor();
  await row.getByRole("link").click();
  await page.getByText("Your connected wallet paid it.").waitFor();
});

test("who names no inbox reads messages here, publishes one, and is written to", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  await running(visitor, "Tide pool");
  await advance(31 * DAY_SECONDS);
  await page.goto("/account");
  await page.getByText("Our last message did not reach you").waitFor();
  await page.getByRole("link", { name: "See your notices" }).click();
  const message = page.getByRole("button", { name: /10,000 sats for Tide pool/ });
  await message.getByText("no inbox").waitFor();
  await message.click();
  await page.getByText("We know of no inbox of yours (kind 10050)").waitFor();
  const { origin } = new URL(url());
  await page.getByRole("link", { name: `${origin}/account?invoice=` }).waitFor();
  // An address that a relay's name brings is no link.
  expect(await page.getByRole("link", { name: "harbour-" }).count()).toBe(0);

  await page.getByRole("button", { name: "Choose inbox relays" }).click();
  const first = page.getByRole("textbox", { name: "Inbox relay 1" });
  expect(await first.inputValue()).toBe(sandbox().info.relay_url);
  await first.fill("http://relay.example.com");
  await page.getByRole("button", { name: "Sign and publish" }).click();
  await page.getByText("It must begin with wss://").waitFor();
  expect(await first.evaluate((input) => input === document.activeElement)).toBe(true);
  await first.fill(sandbox().info.relay_url);
  await page.getByRole("button", { name: "Sign and publish" }).click();
  await page.getByText("Messages to you go here").waitFor();
  await message.getByText("delivered").waitFor();
  await page.getByText("Your inbox relays have it.").waitFor();

  await page.getByRole("radio", { name: "Missed" }).check({ force: true });
  await page.getByText("No message is in that state").waitFor();
  await page.getByRole("radio", { name: "Delivered" }).check({ force: true });
  await message.waitFor();
  await page.reload();
  await page.getByText("Messages to you go here").waitFor();
  await page.getByRole("tab", { name: "Overview" }).click();
  await page.getByText("Your money, to the sat").waitFor();
  expect(await page.getByText("did not reach you").count()).toBe(0);
});

test("by keyboard alone a wallet is connected and disconnected, a receipt read, an inbox chosen", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  const { keyboard } = page;
  const { invoice } = await running(visitor, "No mouse");
  await page.goto("/account");
  await page.getByText("Nothing to pay.").waitFor();
  await tabTo(page, "Overview");
  await keyboard.press("ArrowRight");
  await keyboard.press("ArrowRight");
  await page.getByText("You pay each invoice yourself.").waitFor();
  await tabTo(page, "Connection from your wallet");
  await keyboard.insertText(sandbox().info.tenant_nwc_url);
  await keyboard.press("Enter");
  await page.getByText("Your wallet pays each renewal.").waitFor();
  await tabTo(page, "Disconnect");
  await keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Disconnect your wallet?" }).waitFor();
  await tabTo(page, "Disconnect");
  await keyboard.press("Enter");
  await page.getByText("You pay each invoice yourself.").waitFor();

  await page.goto("/account?tab=invoices");
  await page.getByRole("row").filter({ hasText: "No mouse" }).waitFor();
  await tabTo(page, "show the invoice for No mouse");
  await keyboard.press("Enter");
  await page.getByText("Only who paid and who was paid know it").waitFor();
  await tabTo(page, "Copy the payment hash");
  await keyboard.press("Escape");
  await page.locator("a:focus", { hasText: "No mouse" }).waitFor();
  expect(page.url()).not.toContain(invoice.id);

  await page.goto("/account?tab=notices");
  await page.getByText("You have not said where you read messages.").waitFor();
  await tabTo(page, "Choose inbox relays");
  await keyboard.press("Enter");
  await page.getByRole("textbox", { name: "Inbox relay 1" }).waitFor();
  await tabTo(page, "Sign and publish");
  await keyboard.press("Enter");
  await page.getByText("Messages to you go here").waitFor();
});

test("a suspended account reads everything and changes nothing, and is told why", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  await running(visitor, "Held");
  await page.goto("/account?tab=billing");
  await page.getByLabel("Connection from your wallet").waitFor();
  await operate("PUT", `/admin/tenants/${visitor.pubkey}`, { status: "suspended" });
  await page.getByText("The operator suspended your account").waitFor();
  await page.getByText("Changes are switched off while your account is suspended.").waitFor();
  expect(await page.getByRole("button", { name: "Connect the wallet" }).isDisabled()).toBe(true);
  await page.getByRole("tab", { name: "Invoices" }).click();
  await page.getByRole("row").filter({ hasText: "Held" }).waitFor();
  await operate("PUT", `/admin/tenants/${visitor.pubkey}`, { status: "active" });
  await page.getByText("Everything is open to you.").waitFor();
});

test("a part that fails hides nothing else, and is tried again", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  await order(visitor, "Still here");
  await page.route("**/tenant/forecast", (route) => route.abort());
  await page.goto("/account");
  const problem = page.getByRole("alert").filter({ hasText: "The forecast could not be loaded." });
  await problem.waitFor();
  await page.getByText("New relay for Still here").waitFor();
  await page.unroute("**/tenant/forecast");
  await problem.getByRole("button", { name: "Try again" }).click();
  await page.getByText("The reservation of Still here would end").waitFor();

  await page.route("**/tenant/notices**", (route) => route.abort());
  await page.getByRole("tab", { name: "Notices" }).click();
  await page.getByText("Your messages could not be loaded.").waitFor();
  await page.getByText("You have not said where you read messages.").waitFor();
});

test("looking asks the signer once for what the feed does not tell, however often one looks", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  await running(visitor, "Quiet");
  const asked: string[] = [];
  page.on("request", (request) => {
    if (request.headers().authorization) asked.push(new URL(request.url()).pathname);
  });
  await page.goto("/account");
  await page.getByText("One invoice of 10,000 sats for Quiet.").waitFor();
  for (const [tab, shown] of [
    ["Invoices", "1 in all"],
    ["Billing", "10,100"],
    ["Notices", "No messages yet"],
    ["Overview", "Nothing to pay."],
    ["Invoices", "1 in all"],
    ["Billing", "10,100"],
    ["Notices", "No messages yet"],
  ] as const) {
    await page.getByRole("tab", { name: tab }).click();
    await page.getByText(shown, { exact: tab !== "Billing" }).waitFor();
  }
  const own = asked.filter((path) => path !== "/tenant/profile");
  expect(own.toSorted()).toEqual([
    "/tenant/billing",
    "/tenant/events",
    "/tenant/forecast",
    "/tenant/invoices",
    "/tenant/notices",
  ]);
});

test("every part is accessible in both schemes and fits any width", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  await running(visitor, "The Harbour Makers' and Menders' Guild of the Northern Coast");
  await order(visitor, "Anunusuallylongnamewithoutanyplacetobreakitwhichgoesonandonandonandon");
  for (const [tab, shown] of [
    ["overview", /One invoice of/],
    ["invoices", /in all/],
    ["billing", /10,100/],
    ["notices", /No messages yet/],
  ] as const) {
    await page.goto(`/account?tab=${tab}`);
    await page.getByText(shown).first().waitFor();
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
  }
  await page.goto("/account?tab=invoices");
  await page.getByRole("row").nth(1).getByRole("link").first().click();
  await page.getByRole("dialog").waitFor();
  await expectNoSidewaysScroll(page);
});
