/** What a tenant lives through, seen in their pages alone. */
import { expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { stage } from "./stage.ts";

const { visit, ask, pay, advance, sandbox } = stage();

const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 24 * HOUR_SECONDS;
const heading = (page: Page, name: string | RegExp) =>
  page.getByRole("heading", { name, level: 1 });
const status = (page: Page, name: string) =>
  page.locator(`main [data-slot=state][data-status=${name}]`).first().waitFor();
const named = () => `quay-${crypto.randomUUID().slice(0, 8)}`;

/** Orders a relay in the form, as a newcomer does. */
async function order(page: Page, name: string, plan: "Free" | "Basic"): Promise<void> {
  await page.goto("/relays/new");
  await page.getByRole("textbox", { name: "Name" }).fill(name);
  await page.getByText(`${name}.${sandbox().info.relay_domain} is free.`).waitFor();
  await page.getByRole("radio", { name: plan }).check({ force: true });
  await page.getByRole("button", { name: /Create relay|Continue to payment/ }).click();
}

const satsIn = (text: string | null): number => Number((text ?? "").replace(/\D/g, ""));

/** Pays what the page asks to pay, as a wallet that scans its code does. */
async function payShown(page: Page): Promise<void> {
  const link = page.getByRole("link", { name: "Open in wallet" });
  await pay(((await link.getAttribute("href")) ?? "").replace("lightning:", ""));
}

test("from a first visit to a paid relay, an upgrade, a month paid by the wallet, and back after deactivation", async () => {
  const { page } = await visit();
  await page.goto("/");
  await page.getByRole("link", { name: "Get started" }).first().click();
  // Logged out: the way leads over the login and on.
  await page.getByRole("button", { name: /extension/i }).click();
  await heading(page, "New relay").waitFor();

  const free = named();
  await order(page, free, "Free");
  await page.waitForURL("**/relays**");
  await page.getByRole("link", { name: new RegExp(free) }).waitFor();
  await status(page, "active");

  const paid = named();
  await order(page, paid, "Basic");
  await payShown(page);
  await page.waitForURL(/\/relays(?:\?new=.*)?$/);
  await page.getByRole("link", { name: new RegExp(paid) }).click();
  await heading(page, paid).waitFor();
  await status(page, "active");
  const relayPage = page.url().split("?")[0] ?? "";

  await page.getByRole("link", { name: /edit/i }).first().click();
  await page.getByRole("textbox", { name: /description/i }).fill("Where the boats lie.");
  await page.getByRole("button", { name: /save/i }).click();
  await page.waitForURL(relayPage);
  await page.getByText("Where the boats lie.").waitFor();

  // What was told, and the invoice, are of the same amount; a sat goes by in a minute.
  await page.getByRole("button", { name: "Change plan" }).click();
  await page.getByRole("radio", { name: "Growth" }).check();
  const confirm = page.getByRole("button", { name: /^Change to Growth for/ });
  const told = satsIn(await confirm.textContent());
  await confirm.click();
  await page.waitForURL("**/account?invoice=**");
  const charged = satsIn(
    await page
      .getByText(/^\d[\d,]* sats$/)
      .first()
      .textContent(),
  );
  expect(Math.abs(told - charged)).toBeLessThanOrEqual(1);
  await payShown(page);
  await heading(page, "Paid").waitFor();

  await page.goto("/account?tab=billing");
  await page.getByLabel("Connection from your wallet").fill(sandbox().info.tenant_nwc_url);
  await page.getByRole("button", { name: /connect/i }).click();
  await page
    .getByText(/connected/i)
    .first()
    .waitFor();
  await advance(32 * DAY_SECONDS);
  await page.goto(relayPage);
  await status(page, "active");
  await page.goto("/account?tab=invoices");
  await page
    .getByText(/50,000/)
    .first()
    .waitFor();
  expect(await page.locator("main [data-slot=state][data-status=pending]").count()).toBe(0);

  await page.goto(relayPage);
  await page.getByRole("button", { name: "Deactivate" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Deactivate" }).click();
  await status(page, "deactivated");
  await page.getByRole("button", { name: "Reactivate, free" }).click();
  await status(page, "active");
});

test("from an unpaid renewal through grace and suspension, and back by paying, all without a reload", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  const name = named();
  await order(page, name, "Basic");
  await payShown(page);
  await page.waitForURL(/\/relays(?:\?new=.*)?$/);
  await page.getByRole("link", { name: new RegExp(name) }).click();
  await heading(page, name).waitFor();
  await status(page, "active");
  const { now } = await advance(31 * DAY_SECONDS + HOUR_SECONDS);
  await status(page, "grace");
  const id = new URL(page.url()).pathname.split("/").at(-1);
  const { grace_ends } = await ask<{ grace_ends: number }>(visitor, "GET", `/tenant/relays/${id}`);
  // Past the seven days, and within the day that its Lightning invoice lasts longer.
  await advance(grace_ends - now + HOUR_SECONDS);
  await status(page, "suspended");
  await page.getByRole("link", { name: /pay/i }).first().click();
  await page.waitForURL("**/account?invoice=**");
  // What it ran unpaid is said before it is paid.
  await page.getByText(/days, less 7 days already used, from when it runs/).waitFor();
  await page.getByRole("button", { name: "Get a Lightning invoice" }).click();
  await payShown(page);
  await page.waitForURL(/\/relays(?:\?new=.*)?$/);
  await status(page, "active");
});
