import { expect, test } from "bun:test";
import jsQR from "jsqr";
import type { Page } from "playwright-core";
import { expectAccessible, expectNoSidewaysScroll, stage } from "./stage.ts";
import type { Visitor } from "./visitor.ts";

const { visit, ask, pay, advance, faults, sandbox, killBerth, payByWallet } = stage();

type Ordered = { relay: { id: string }; invoice: { id: string; invoice: string } };

const named = () => `harbour-${crypto.randomUUID().slice(0, 8)}`;
const order = (visitor: Visitor, name = named()) =>
  ask<Ordered>(visitor, "POST", "/tenant/relays", { name, subdomain: name, plan: "basic" });
const heading = (page: Page, name: string | RegExp) =>
  page.getByRole("heading", { name, level: 1 });
const qr = (page: Page) => page.getByRole("img", { name: "QR code of the Lightning invoice" });

test("a paid relay is ordered by keyboard alone, and the checkout follows", async () => {
  const { page } = await visit({ loggedIn: true });
  await page.goto("/relays/new");
  const name = named();
  await page.getByRole("textbox", { name: "Name" }).waitFor();
  // The first field has the focus when the page opens.
  await page.keyboard.type(name);
  await page.getByText(`${name}.${sandbox().info.relay_domain} is free.`).waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.type("Where the boats are.");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowDown");
  expect(await page.getByRole("radio", { name: "Basic" }).isChecked()).toBe(true);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await heading(page, `Pay for ${name}`).waitFor();
  await qr(page).waitFor();
});

test("what is missing or taken is said beside its field, and nothing typed is lost", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  const taken = named();
  await order(visitor, taken);
  await page.goto("/relays/new");
  await page.getByRole("button", { name: "Create relay" }).click();
  await page.getByText("Give your relay a name.").waitFor();
  await page.getByText("Choose a plan.").waitFor();
  const name = page.getByRole("textbox", { name: "Name" });
  expect(await name.getAttribute("aria-invalid")).toBe("true");
  expect(await name.evaluate((field) => field === document.activeElement)).toBe(true);
  await name.fill("Tide pool");
  await page.getByRole("textbox", { name: "Address" }).fill(taken);
  // It is one's own order that has it.
  await page.getByText(/^Reserved by you until/).waitFor();
  await page.getByRole("link", { name: "pay", exact: true }).waitFor();
  await page.getByRole("radio", { name: "Free" }).check({ force: true });
  await page.getByRole("button", { name: "Create relay" }).click();
  await page.getByRole("textbox", { name: "Address", exact: true, disabled: false }).waitFor();
  await page.locator("[aria-invalid=true]").waitFor();
  await page.reload();
  expect(await name.inputValue()).toBe("Tide pool");
  expect(await page.getByRole("textbox", { name: "Address" }).inputValue()).toBe(taken);
  expect(await page.getByRole("radio", { name: "Free" }).isChecked()).toBe(true);
});

test("a payment is seen without a click, and leads over provisioning to the list with the relay marked", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  const { invoice } = await order(visitor);
  await page.goto(`/account?invoice=${invoice.id}`);
  await qr(page).waitFor();
  await pay(invoice.invoice);
  const paidAt = performance.now();
  await heading(page, "Paid").waitFor();
  expect(performance.now() - paidAt).toBeLessThan(1_000);
  await page.locator("[data-slot=relay][data-new]").waitFor();
  // What to do first stays after the mark is gone, until it is closed.
  const welcome = page.getByRole("heading", { name: /is running$/, level: 2 });
  await welcome.waitFor();
  await page.getByRole("link", { name: /^Open in Flotilla/ }).waitFor();
  await page.getByRole("link", { name: "Connect a wallet" }).waitFor();
  await expectAccessible(page);
  await page.setViewportSize({ width: 390, height: 900 });
  await expectNoSidewaysScroll(page);
  await page.getByRole("button", { name: "Close" }).click();
  expect(await welcome.count()).toBe(0);
});

test("an invoice says line by line what it is for, and has ways out", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  const { relay, invoice } = await order(visitor);
  await page.goto(`/account?invoice=${invoice.id}`);
  const lines = page.getByRole("table", { name: "What you pay for" });
  await lines.getByText("Basic · a month, from when it runs").waitFor();
  await lines.getByText("10,000 sats").waitFor();
  await lines.getByText(`.${sandbox().info.relay_domain}`).waitFor();
  // The invoice's own machine, beside the relay's.
  await page.getByRole("list", { name: "The invoice" }).waitFor();
  await page.getByRole("list", { name: "Your relay" }).waitFor();
  await page.getByText("Waiting for you, or for your wallet's next turn.").waitFor();
  await page.getByRole("link", { name: "Change plan" }).click();
  await page.waitForURL(`**/relays/${relay.id}?tab=plan`);
  await page.goBack();
  await page.getByRole("link", { name: "Cancel the order" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel the order" }).click();
  await page.getByText(/^The order of .* is cancelled\.$/).waitFor();
});

test("a camera reads the code as a Lightning link, in light and dark", async () => {
  for (const colorScheme of ["light", "dark"] as const) {
    const visitor = await visit({ loggedIn: true, colorScheme, width: 390 });
    const { page } = visitor;
    const { invoice } = await order(visitor);
    await page.goto(`/account?invoice=${invoice.id}`);
    await qr(page).waitFor();
    const png = (await qr(page).screenshot()).toString("base64");
    const { data, width, height } = await page.evaluate(async (base64) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const picture = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const canvas = new OffscreenCanvas(picture.width, picture.height);
      const context = canvas.getContext("2d");
      context?.drawImage(picture, 0, 0);
      const { data } = context?.getImageData(0, 0, picture.width, picture.height) ?? {};
      return { data: [...(data ?? [])], width: picture.width, height: picture.height };
    }, png);
    const read = jsQR(new Uint8ClampedArray(data), width, height);
    expect(read?.data).toBe(`LIGHTNING:${invoice.invoice?.toUpperCase()}`);
  }
});

test("the QR code, the link and the copy are the server's bolt11", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  const { invoice } = await order(visitor);
  await page.goto(`/account?invoice=${invoice.id}`);
  const link = page.getByRole("link", { name: "Open in wallet" });
  expect(await link.getAttribute("href")).toBe(`lightning:${invoice.invoice}`);
  await page.getByRole("button", { name: "Copy invoice" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(invoice.invoice);
});

test("who says that they paid too early is told that it was not seen yet", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  const { invoice } = await order(visitor);
  await page.goto(`/account?invoice=${invoice.id}`);
  const button = page.getByRole("button", { name: "I've paid the invoice" });
  await button.press("Enter");
  await page.getByText("Our wallet has not seen it yet.").waitFor();
  // Who goes by keyboard is where they were.
  expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
});

test("a wallet in the browser pays with one click, and only our own wallet's word counts", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  const { invoice } = await order(visitor);
  await page.exposeFunction("payOutside", pay);
  await page.addInitScript(() => {
    const outside = window as unknown as { payOutside(bolt11: string): Promise<unknown> };
    Object.assign(window, {
      webln: {
        enable: async () => {},
        sendPayment: (bolt11: string) => outside.payOutside(bolt11),
      },
    });
  });
  await page.goto(`/account?invoice=${invoice.id}`);
  await page.getByRole("button", { name: "Pay with this browser's wallet" }).click();
  await heading(page, "Paid").waitFor();
});

test("a connected wallet pays an order at one click", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  const { invoice } = await order(visitor);
  await ask(visitor, "PUT", "/tenant/billing", { nwc_url: sandbox().info.tenant_nwc_url });
  await page.goto(`/account?invoice=${invoice.id}`);
  await page.getByRole("button", { name: "Pay with your connected wallet" }).click();
  await heading(page, "Paid").waitFor();
});

test("a server that is killed in the middle of a checkout comes back, and the page by itself", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  const { invoice } = await order(visitor);
  await page.goto(`/account?invoice=${invoice.id}`);
  await qr(page).waitFor();
  await Promise.all([killBerth(), payByWallet(invoice.invoice)]);
  await page.locator("[data-slot=relay][data-new]").waitFor();
});

test("an invoice that ran out of time says so, and leads to ordering again", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  const { relay, invoice } = await order(visitor);
  await page.goto(`/account?invoice=${invoice.id}`);
  await qr(page).waitFor();
  await advance(25 * 3_600);
  await heading(page, "This invoice is closed").waitFor();
  await page.getByRole("link", { name: "Order again" }).click();
  await page.waitForURL(`**/relays/${relay.id}`);
  // Nothing came of it: it is in the archive, and can be put back.
  await page.goto("/relays");
  await page.getByRole("link", { name: "Archive (1)" }).click();
  await heading(page, "Archive").waitFor();
  await page.locator("[data-slot=relay]").waitFor();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  await page.locator("[data-slot=relay] a").first().click();
  await page.getByRole("button", { name: "Put it back in the list" }).click();
  await page.getByRole("button", { name: "Move to the archive" }).waitFor();
  await page.goto("/relays");
  await page.locator("[data-slot=relay]").waitFor();
});

test("while our wallet is silent the checkout says so, and goes on by itself", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  await faults({ wallet: "down" });
  try {
    const { invoice } = await order(visitor);
    await page.goto(`/account?invoice=${invoice.id}`);
    await page.getByText("Your Lightning invoice is being made.").waitFor();
    await page.getByText("This takes longer than usual").waitFor();
  } finally {
    await faults({ wallet: "ok" });
  }
  await qr(page).waitFor();
});

test("an invoice of somebody else is not there", async () => {
  const [mine, other] = [await visit({ loggedIn: true }), await visit({ loggedIn: true })];
  const { invoice } = await order(other);
  await mine.page.goto(`/account?invoice=${invoice.id}`);
  await heading(mine.page, "There is no such invoice").waitFor();
});

test("a paid invoice is a receipt with its proof", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  const { invoice } = await order(visitor);
  await pay(invoice.invoice);
  await ask(visitor, "POST", `/tenant/invoices/${invoice.id}/check`);
  await page.goto(`/account?invoice=${invoice.id}`);
  await page.getByText("Preimage", { exact: true }).waitFor();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
});

test("checkout and order have nothing that axe objects to, and never scroll sideways", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  const { invoice } = await order(visitor);
  await page.goto(`/account?invoice=${invoice.id}`);
  await qr(page).waitFor();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  await page.goto("/relays/new");
  await page.getByRole("button", { name: "Create relay" }).click();
  await page.getByText("Choose a plan.").waitFor();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
});
