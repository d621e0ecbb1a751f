/** What is one tenant's own: gone from the page with them, and held while their account is suspended. */
import { expect, test } from "bun:test";
import { decode } from "nostr-tools/nip19";
import { generateSecretKey, getPublicKey } from "nostr-tools/pure";
import { logOut } from "./login-page.ts";
import { signed } from "./signed.ts";
import { expectAccessible, stage } from "./stage.ts";

type Made = { relay: { id: string }; invoice: { id: string; invoice: string } };

const { visit, ask, pay, advance, sandbox, url } = stage();

const DAY_SECONDS = 86_400;
const order = (visitor: Parameters<typeof ask>[0], name: string) =>
  ask<Made>(visitor, "POST", "/tenant/relays", {
    name,
    subdomain: `quay-${crypto.randomUUID().slice(0, 8)}`,
    description: "",
    plan: "basic",
  });

test("who goes by the front page and back is not asked to sign again; who logs out there is not followed", async () => {
  const { page } = await visit();
  let streams = 0;
  let open = 0;
  page.on("request", (request) => {
    if (!request.url().endsWith("/tenant/events")) return;
    streams += 1;
    open += 1;
  });
  page.on("requestfailed", (request) => {
    if (request.url().endsWith("/tenant/events")) open -= 1;
  });
  await page.goto("/login?to=/relays/new");
  await page.getByRole("button", { name: /extension/i }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Nobody else's plan");
  await page.locator("header a[href='/']").click();
  await page.getByRole("link", { name: "Dashboard" }).click();
  await page.getByRole("heading", { name: "My relays", level: 1 }).waitFor();
  expect(streams).toBe(1);

  await page.locator("header a[href='/']").click();
  await page.getByRole("link", { name: "Dashboard" }).waitFor();
  await logOut(page);
  await page.getByRole("link", { name: "Log in" }).waitFor();
  while (open > 0) await Bun.sleep(20);
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  expect(kept).not.toContain("Nobody else");
});

test("whose signer refuses is told what is missing, on each page, and goes on once it agrees", async () => {
  const visitor = await visit({ loggedIn: true });
  await order(visitor, "Behind a signature");
  const { page } = visitor;
  await page.addInitScript(() => {
    const { nostr } = window as unknown as { nostr: { signEvent: unknown } };
    const { signEvent } = nostr;
    nostr.signEvent = async () => {
      throw new Error("not now");
    };
    addEventListener("agrees", () => {
      nostr.signEvent = signEvent;
    });
  });
  for (const path of ["/relays", "/relays/r000000000000000000000000", "/account"]) {
    await page.goto(path);
    await page.getByRole("heading", { name: "Nothing is shown yet" }).waitFor();
    await page.getByText("Your extension did not sign.").first().waitFor();
  }
  await expectAccessible(page);
  await page.evaluate(() => dispatchEvent(new Event("agrees")));
  await page.getByRole("button", { name: "Try now" }).click();
  await page.getByText("Behind a signature").first().waitFor();
});

test("another person in another tab is shown nothing of the one before", async () => {
  const visitor = await visit({ loggedIn: true });
  await order(visitor, "Secret cove");
  const { page, context } = visitor;
  await page.goto("/account?tab=invoices");
  await page
    .getByRole("cell", { name: /Secret cove/ })
    .first()
    .waitFor();
  const other = await context.newPage();
  await other.goto("/");
  await other.evaluate((pubkey) => {
    localStorage.setItem("berth.login", JSON.stringify({ method: "extension", pubkey }));
  }, getPublicKey(generateSecretKey()));
  await page.getByText("Secret cove").first().waitFor({ state: "detached" });
});

test("while an account is suspended nothing can be ordered or paid, and the pages say so", async () => {
  const visitor = await visit({ loggedIn: true });
  const { invoice } = await order(visitor, "Held fast");
  const { page, pubkey } = visitor;
  await page.goto(`/account?invoice=${invoice.id}`);
  await page.getByRole("link", { name: "Open in wallet" }).waitFor();
  const admin = decode(sandbox().info.admin_nsec);
  if (admin.type !== "nsec") throw new Error("no admin key");
  const put = (status: string) =>
    signed(url(), admin.data, "PUT", `/admin/tenants/${pubkey}`, { status, reason: "Complaints" });
  await put("suspended");
  await page.getByText("Nothing is collected while it is.").waitFor();
  expect(await page.getByRole("link", { name: "Open in wallet" }).count()).toBe(0);
  await page.goto("/relays/new");
  await page.getByText("Your account is suspended").waitFor();
  expect(await page.getByRole("button", { name: "Create relay" }).isDisabled()).toBe(true);
  await put("active");
  await page.goto(`/account?invoice=${invoice.id}`);
  await page.getByRole("link", { name: "Open in wallet" }).waitFor();
});

test("a renewal is not called due before it is, and its checkout tells when the relay goes dark", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  const { relay, invoice } = await order(visitor, "Slow tide");
  await page.goto("/relays");
  await page.getByText(/^1 relay ·/).waitFor();
  expect(await page.getByText("nothing to pay").count()).toBe(0);
  await pay(invoice.invoice);
  await ask(visitor, "POST", `/tenant/invoices/${invoice.id}/check`);
  await page.locator("main [data-slot=state][data-status=active]").first().waitFor();
  const { paid_through } = await ask<{ paid_through: number }>(
    visitor,
    "GET",
    `/tenant/relays/${relay.id}`,
  );
  await advance(paid_through - Math.floor(Date.now() / 1000) - 1_800);
  await page.goto(`/relays/${relay.id}`);
  await page.getByText(/^paid through/).waitFor();
  await advance(DAY_SECONDS);
  await page.getByRole("link", { name: /^Pay/ }).click();
  await page.getByText(/^Pay by .*: until then it keeps running/).waitFor();
  expect(await page.getByText(/^Can be paid/).count()).toBe(0);
});

test("an order whose answer was lost is found again, and not made twice", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  const name = `quay-${crypto.randomUUID().slice(0, 8)}`;
  await page.goto("/relays/new?plan=free");
  await page.getByRole("textbox", { name: "Name" }).fill(name);
  await page.getByText(/is free\.$/).waitFor();
  await page.route(
    "**/tenant/relays",
    async (route) => {
      await route.fetch();
      await route.abort();
    },
    { times: 1 },
  );
  await page.getByRole("button", { name: "Create relay" }).click();
  await page.getByText("You have ordered this relay already").waitFor();
  await page.reload();
  await page.getByRole("link", { name: `Go to ${name}` }).click();
  await page.getByRole("heading", { name, level: 1 }).waitFor();
  await page.goto("/relays/new");
  expect(await page.getByRole("textbox", { name: "Name" }).inputValue()).toBe("");
});
