/** My relays, a relay's page, and its edit page, as their owner sees and changes them. */
import { expect, test } from "bun:test";
import { npubEncode } from "nostr-tools/nip19";
import { generateSecretKey, getPublicKey } from "nostr-tools/pure";
import type { Page } from "playwright-core";
import { signed } from "./signed.ts";
import { expectAccessible, expectNoSidewaysScroll, stage } from "./stage.ts";

type Relay = {
  id: string;
  status: string;
  subdomain: string;
  open_invoice: string | null;
  grace_ends: number | null;
  paid_through: number | null;
};
type Invoice = { id: string; amount: number; invoice: string };
type Made = { relay: Relay; invoice: Invoice | null };

const DAY = 86_400;
const { sandbox, url, visit, pay, advance, faults } = stage();

/** A tenant with a key of their own, who sets the scene by signed requests. */
function tenant() {
  const secretKey = generateSecretKey();
  const send = <T>(method: string, path: string, body?: Record<string, unknown>) =>
    signed<T>(url(), secretKey, method, path, body);
  let reads = 0;
  return {
    send,
    /** Each time by another request: the same one within a second would be the same signed event. */
    async read(id: string): Promise<Relay> {
      const path = `/tenant/relays?limit=${10 + reads++}`;
      const { items } = await send<{ items: Relay[] }>("GET", path);
      const found = items.find((relay) => relay.id === id);
      if (!found) throw new Error(`no relay ${id}`);
      return found;
    },
    /** A relay that is paid for, unless `pays` is false, and so is about to run. */
    async relay(subdomain: string, plan = "free", wish: { name?: string; pays?: boolean } = {}) {
      const { name = subdomain, pays = true } = wish;
      const made = await send<Made>("POST", "/tenant/relays", { name, subdomain, plan });
      if (made.invoice && pays) await pay(made.invoice.invoice);
      return made.relay;
    },
    async see(path: string): Promise<Page> {
      const { page } = await visit({ loggedIn: true, secretKey });
      await page.goto(path);
      await page.locator("h1").waitFor();
      return page;
    },
  };
}

const rows = (page: Page) => page.getByRole("list", { name: "My relays" }).getByRole("link");
const badge = (page: Page, status: string) =>
  page.locator(`[data-slot=state][data-status=${status}]`).first().waitFor();
const says = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor();
const heading = (page: Page, name: string | RegExp) =>
  page.getByRole("heading", { name }).waitFor();
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => document.activeElement?.textContent?.trim() ?? "");
/** As somebody without a mouse: on to what says `text`. */
async function tabTo(page: Page, text: string): Promise<void> {
  for (let tries = 0; tries < 8; tries++) {
    await page.keyboard.press("Tab");
    if ((await focused(page)) === text) return;
  }
  throw new Error(`Tab does not reach ${text}`);
}

function newPerson() {
  const pubkey = getPublicKey(generateSecretKey());
  return { pubkey, npub: npubEncode(pubkey) };
}
const shown = (npub: string): string => `${npub.slice(0, 10)}…${npub.slice(-5)}`;

test("who has no relay is taught the first step", async () => {
  const page = await tenant().see("/relays");
  await heading(page, "Your first relay takes a minute");
  await page.getByRole("link", { name: "Add relay" }).click();
  await page.waitForURL("**/relays/new");
});

test("my relays are searched, filtered and ordered at once, in the page's address, unsigned", async () => {
  const me = tenant();
  await me.relay("list-a", "free", { name: "Zebra crossing" });
  await me.relay("list-b", "basic", { name: "Apple orchard" });
  await me.relay("list-c", "basic", { name: "Unpaid order", pays: false });
  const page = await me.see("/relays");
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.url()));

  await rows(page).nth(2).waitFor();
  const first = (index: number) => rows(page).nth(index).textContent();
  expect(await first(0)).toStartWith("Unpaid order");
  expect(await first(1)).toStartWith("Apple orchard");
  expect(await first(2)).toStartWith("Zebra crossing");
  // In one line, in this order.
  const cells = rows(page).first().locator("> *");
  const boxes = await Promise.all((await cells.all()).map((cell) => cell.boundingBox()));
  const [name = 0, state = 0, , plan = 0, next = 0] = boxes.map((box) => box?.x);
  expect(name < state && state < plan && plan < next).toBe(true);
  expect((await rows(page).first().boundingBox())?.height).toBeLessThan(100);
  await page.getByLabel("Order").selectOption("By name");
  expect(await first(0)).toStartWith("Apple orchard");
  await page.getByLabel("Order").selectOption("Due first");
  expect(await first(0)).toStartWith("Unpaid order");

  await page.getByLabel("Search your relays").fill("orchard list-b");
  await rows(page).nth(1).waitFor({ state: "detached" });
  expect(await rows(page).textContent()).toContain("Apple orchard");
  await page.waitForURL(
    ({ searchParams: kept }) => kept.get("q") === "orchard list-b" && kept.get("sort") === "due",
  );
  await page.reload();
  await rows(page).first().waitFor();
  expect(await rows(page).count()).toBe(1);

  await page.getByLabel("Search your relays").fill("nothing of that name");
  await says(page, "No relay matches “nothing of that name”");
  await page.getByRole("button", { name: "Show all relays" }).click();
  await rows(page).nth(2).waitFor();
  await page.getByLabel("State").selectOption("pending");
  expect(await rows(page).textContent()).toMatch(/Waiting for your payment · 2\d hours left/);
  await page.getByLabel("State").selectOption("Any state");
  await page.getByLabel("Plan").selectOption("Free");
  expect(await rows(page).textContent()).toContain("Free, no end date");
  expect(requests.filter((request) => /\/tenant\/relays/.test(request))).toEqual([]);
});

test("a relay that was just made is marked, and only once", async () => {
  const me = tenant();
  const { id } = await me.relay("just-made");
  const page = await me.see(`/relays?new=${id}`);
  await page.locator("[data-slot=relay][data-new]").waitFor();
  await says(page, "just-made is in your list: active.");
  await page.waitForURL("**/relays");
  await page.reload();
  await rows(page).waitFor();
  expect(await page.locator("[data-slot=relay][data-new]").count()).toBe(0);
});

test("a relay's page follows it through grace to suspension, and each time says what to pay", async () => {
  const me = tenant();
  const { id } = await me.relay("follows", "basic");
  const page = await me.see(`/relays/${id}`);
  const list = await me.see("/relays");
  await badge(page, "active");
  await heading(page, /^Renews .* · 10,000 sats$/);
  await advance(32 * DAY);
  await badge(page, "grace");
  await heading(page, /^Pay within \d days$/);
  const link = page.getByRole("link", { name: "Pay 10,000 sats" });
  const { open_invoice } = await me.read(id);
  expect(await link.getAttribute("href")).toBe(`/account?invoice=${open_invoice}`);
  await says(list, "follows needs a payment");
  const { grace_ends } = await me.read(id);
  const { now } = (await advance(1)) as { now: number };
  await advance((grace_ends ?? 0) - now + 60);
  await badge(page, "suspended");
  await heading(page, "Pay to resume");
  await says(page, /Pay what is past due, or reactivate for a fresh month/);
  await says(list, "follows is suspended for non-payment");
  // What is past due is billed apart, and made payable when it is asked for.
  const { open_invoice: pastDue } = await me.read(id);
  expect(pastDue).not.toBe(open_invoice);
  const owed = list.getByRole("link", { name: "Pay 10,000 sats" });
  expect(await owed.getAttribute("href")).toBe(`/account?invoice=${pastDue}`);
  await owed.click();
  await list.getByRole("button", { name: "Get a Lightning invoice" }).click();
  await list.getByRole("link", { name: "Open this invoice in your wallet" }).waitFor();
  await list.goBack();

  const [bill] = (await me.send<{ items: Invoice[] }>("GET", "/tenant/invoices")).items;
  await pay((bill as Invoice).invoice);
  await badge(page, "active");
  await says(list, /Renews/);
});

test("a relay of somebody else is not found, as one that never was", async () => {
  const { id } = await tenant().relay("not-yours");
  const page = await tenant().see(`/relays/${id}`);
  await heading(page, "You have no such relay");
  await heading(await tenant().see(`/relays/${id}/edit`), "You have no such relay");
});

test("its address is copied whole", async () => {
  const me = tenant();
  const { id } = await me.relay("copied");
  const page = await me.see(`/relays/${id}`);
  await page.getByRole("button", { name: "Copy address" }).click();
  await says(page, "Copied");
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toBe(`ws://copied.${sandbox().info.relay_domain}`);
  await page.getByRole("button", { name: "Open in a client" }).click();
  const flotilla = page.getByRole("menuitem", { name: /Flotilla/ });
  const host = encodeURIComponent(`copied.${sandbox().info.relay_domain}`);
  expect(await flotilla.getAttribute("href")).toBe(`https://app.flotilla.social/spaces/${host}`);
});

test("an upgrade is told before it is agreed to, and costs what was told", async () => {
  const me = tenant();
  const { id } = await me.relay("upgrades", "basic");
  const page = await me.see(`/relays/${id}`);
  await badge(page, "active");
  await advance(10 * DAY);
  // The clock of a page follows a leap by its next message from the server.
  await page.reload();
  await page.getByRole("button", { name: "Change plan" }).click();
  await page.getByRole("radio", { name: "Growth" }).check();
  const confirm = page.getByRole("button", { name: /^Change to Growth for/ });
  const told = Number(((await confirm.textContent()) ?? "").replace(/\D/g, ""));
  const { amount } = await me.send<{ amount: number }>("POST", `/tenant/relays/${id}/quote`, {
    plan: "growth",
  });
  // A sat goes by in about a minute.
  expect(Math.abs(told - amount)).toBeLessThanOrEqual(1);
  await confirm.click();
  await page.waitForURL("**/account?invoice=*");
  const { open_invoice } = await me.read(id);
  expect(page.url()).toEndWith(`invoice=${open_invoice}`);
  const { items } = await me.send<{ items: Invoice[] }>("GET", "/tenant/invoices");
  const charged = items.find((invoice) => invoice.id === open_invoice) as Invoice;
  expect(Math.abs(told - charged.amount)).toBeLessThanOrEqual(1);

  await page.goto(`/relays/${id}`);
  await heading(page, /^Changes to Growth when you pay/);
  await pay(charged.invoice);
  await heading(page, /^Renews .* · 50,000 sats$/);
});

test("a downgrade is scheduled, says what is switched off, and is taken back", async () => {
  const me = tenant();
  const { id } = await me.relay("downgrades", "basic");
  const page = await me.see(`/relays/${id}?tab=plan`);
  await page.getByRole("radio", { name: "Free" }).check();
  for (const off of ["file hosting (Blossom)", "more than 10 members"])
    await page.getByRole("listitem").filter({ hasText: off }).waitFor();
  await page.getByRole("button", { name: /^Change to Free on/ }).click();
  await heading(page, /^Changes to Free on/);
  await page.getByRole("button", { name: "Keep Basic" }).click();
  await heading(page, /^Renews .* · 10,000 sats$/);
  expect((await me.read(id)).status).toBe("active");
});

test("a plan that is paid ahead stands, and the page says so before anything is asked", async () => {
  const me = tenant();
  const { id } = await me.relay("ahead", "growth");
  const page = await me.see(`/relays/${id}?tab=plan`);
  await badge(page, "active");
  await me.send("PUT", `/tenant/relays/${id}`, { plan: "basic" });
  await says(page, /^Switches to Basic on /);
  const { paid_through } = await me.read(id);
  const { now } = await advance(1);
  // Within the hour in which the renewal can be paid ahead.
  await advance((paid_through ?? 0) - now - 1_800);
  await page.reload();
  const { items } = await me.send<{ items: Invoice[] }>("GET", "/tenant/invoices?status=pending");
  await pay(items[0]?.invoice ?? "");
  await says(page, /^Switches to Basic on .*\. That month is paid\.$/);
  await page.getByRole("radio", { name: "Growth" }).check();
  await says(page, "You can change the plan once it has begun.");
  expect(await page.getByRole("button", { name: "Keep Growth" }).count()).toBe(0);
});

test("suspended by a renewal of another plan, a relay is offered back with that, for what is open", async () => {
  const me = tenant();
  const { id } = await me.relay("dearer", "basic");
  while ((await me.read(id)).status !== "active") await Bun.sleep(20);
  await advance(32 * DAY);
  const before = (await me.read(id)).open_invoice;
  await me.send("PUT", `/tenant/relays/${id}`, { plan: "growth" });
  for (let open = before; open === before || open === null; )
    open = (await me.read(id)).open_invoice;
  await advance(7 * DAY);
  const page = await me.see(`/relays/${id}?tab=plan`);
  await badge(page, "suspended");
  expect(await page.getByRole("radio", { name: "Growth" }).isChecked()).toBe(true);
  await page.getByRole("button", { name: "Pay 50,000 sats" }).click();
  await page.waitForURL(`**/account?invoice=${(await me.read(id)).open_invoice}`);
});

test("by keyboard alone a relay is switched off, and comes back free within what is paid", async () => {
  const me = tenant();
  const { id } = await me.relay("by-keys", "basic");
  const page = await me.see("/relays");
  await rows(page).first().focus();
  await page.keyboard.press("Enter");
  await badge(page, "active");
  await page.getByRole("button", { name: "Deactivate" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Deactivate by-keys?" });
  await dialog.getByText("It stops answering at once, for everyone.").waitFor();
  await dialog.getByText(/is not refunded/).waitFor();
  await dialog.getByText(/The name stays yours for 30 days/).waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.locator("button:focus", { hasText: "Deactivate" }).waitFor();
  await page.keyboard.press("Enter");
  await dialog.waitFor();
  await tabTo(page, "Deactivate");
  await page.keyboard.press("Enter");
  await heading(page, /free to bring back until/);
  // It was never in grace, nor suspended.
  await page.locator("[data-mark=past]", { hasText: "active" }).waitFor();
  expect(await page.locator("[data-mark=ahead]").allTextContents()).toEqual([
    expect.stringContaining("grace"),
    expect.stringContaining("suspended"),
  ]);
  // The focus goes on at what is next: the button that was pressed is gone.
  await page.locator("#what-is-next:focus").waitFor();
  await tabTo(page, "Reactivate, free");
  await page.keyboard.press("Enter");
  await heading(page, /^Renews .* · 10,000 sats$/);
  expect((await me.read(id)).status).toBe("active");
});

test("after what was paid a relay comes back with the plan chosen, by way of the checkout", async () => {
  const me = tenant();
  const { id } = await me.relay("back-later", "free");
  await me.send("DELETE", `/tenant/relays/${id}`);
  const page = await me.see(`/relays/${id}`);
  await page.getByRole("button", { name: "Reactivate" }).click();
  await page.getByRole("radio", { name: "Basic" }).check();
  await page.getByRole("button", { name: "Reactivate with Basic for 10,000 sats" }).click();
  await page.waitForURL("**/account?invoice=*");
  expect((await me.read(id)).status).toBe("pending");
});

test("a relay whose name somebody else took meanwhile says so before it is brought back", async () => {
  const owner = tenant();
  const { id } = await owner.relay("lost-lagoon", "basic", { pays: false });
  // An order that was never paid keeps no name.
  await owner.send("DELETE", `/tenant/relays/${id}`);
  const page = await owner.see(`/relays/${id}?tab=plan`);
  const reactivate = page.getByRole("button", { name: "Reactivate with Basic" });
  await reactivate.waitFor();
  expect(await reactivate.isEnabled()).toBe(true);

  await tenant().relay("lost-lagoon");
  await page.reload();
  await says(page, "Its name is somebody else's now");
  expect(await reactivate.isDisabled()).toBe(true);
  await page.getByRole("link", { name: "Choose another address" }).click();
  await page.getByLabel("Address").fill("found-lagoon");
  await says(page, "is free.");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("tab", { name: "Plan" }).click();
  await reactivate.click();
  await heading(page, "Pay for lost-lagoon");
});

test("a name that one gave up is offered to oneself for another relay", async () => {
  const owner = tenant();
  const { id } = await owner.relay("old-harbour", "basic");
  while ((await owner.read(id)).status !== "active") await Bun.sleep(20);
  await owner.send("DELETE", `/tenant/relays/${id}`);
  const page = await owner.see("/relays/new");
  await page.getByLabel("Address").fill("old-harbour");
  await says(page, "is kept for you.");
  const stranger = await tenant().see("/relays/new");
  await stranger.getByLabel("Address").fill("old-harbour");
  await says(stranger, "kept for its former owner");
});

test("an edit is stored, and seen on the relay's page", async () => {
  const me = tenant();
  const { id } = await me.relay("edits");
  const page = await me.see(`/relays/${id}`);
  await page.getByRole("link", { name: "Edit" }).click();
  await page.getByLabel("Name").fill("Edited by hand");
  await page.getByLabel("Address").fill("Edited Here");
  await says(page, `edited-here.${sandbox().info.relay_domain} is free.`);
  await says(page, "The address changes for everyone");
  await page.getByLabel("Description").fill("Two lines\nof words.");
  await page.getByRole("button", { name: "Save" }).click();
  await heading(page, "Edited by hand");
  await says(page, `ws://edited-here.${sandbox().info.relay_domain}`);
  await says(page, /Two lines\s+of words\./);
  expect((await me.read(id)).subdomain).toBe("edited-here");
  await page.getByRole("link", { name: "Edit" }).click();
  await says(page, /It can be renamed again/);
});

test("a name that is taken is refused by the field, and what was typed outlives a reload", async () => {
  const me = tenant();
  await tenant().relay("somebodys");
  const { id } = await me.relay("typed");
  const page = await me.see(`/relays/${id}/edit`);
  await page.getByLabel("Address").fill("somebodys");
  await says(page, "This name is taken; choose another.");
  await page.getByLabel("Description").fill("Not lost.");
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator("input[name=subdomain][aria-invalid=true]:focus").waitFor();
  await page.reload();
  await says(page, "What you typed before is still here, not saved yet.");
  expect(await page.getByLabel("Description").inputValue()).toBe("Not lost.");
  await page.getByRole("button", { name: "Take it back" }).click();
  expect(await page.getByLabel("Address").inputValue()).toBe("typed");
});

test("a refusal by the server stands at its field, and nothing typed is lost", async () => {
  const me = tenant();
  const { id } = await me.relay("race");
  const page = await me.see(`/relays/${id}/edit`);
  await page.getByLabel("Address").fill("in-the-race");
  await says(page, /in-the-race.* is free/);
  await tenant().relay("in-the-race");
  await page.getByRole("button", { name: "Save" }).click();
  await says(page, "This name is taken; choose another.");
  expect(await page.getByLabel("Address").inputValue()).toBe("in-the-race");
  await page.locator("input[name=subdomain]:focus").waitFor();
});

test("its history is told in words, with who and when, once it is looked at", async () => {
  const me = tenant();
  const { id } = await me.relay("remembers");
  const page = await me.see(`/relays/${id}`);
  await badge(page, "active");
  const asked: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("/history")) asked.push(request.url());
  });
  await me.send("PUT", `/tenant/relays/${id}`, { name: "Remembers more" });
  await heading(page, "Remembers more");
  expect(asked).toEqual([]);
  await page.getByRole("tab", { name: "History" }).click();
  const entries = page.getByRole("list", { name: "History, newest first" }).getByRole("listitem");
  await entries.filter({ hasText: "It was ordered, on the Free plan." }).waitFor();
  const edit = entries.filter({
    hasText: "Its name changed from “remembers” to “Remembers more”.",
  });
  expect(await edit.textContent()).toContain("You · ");
  expect(asked).toHaveLength(1);

  const paid = await me.relay("dated", "basic");
  const dated = await me.see(`/relays/${paid.id}?tab=history`);
  await badge(dated, "active");
  await dated.reload();
  // A date is in the reader's zone, and exact on hover.
  const through = dated.getByText(/^It is paid through/).locator("time");
  expect(await through.first().getAttribute("title")).toMatch(/\d{4}/);
});

test("people are let in, wait where there is no room, and are banned once it was said what that deletes", async () => {
  const me = tenant();
  const { id } = await me.relay("gathers");
  const page = await me.see(`/relays/${id}?tab=people`);
  await badge(page, "active");
  await says(page, "1 of 10 people");
  const [friend, crank] = [newPerson(), newPerson()];
  const field = page.getByLabel("Add somebody");
  const add = async (text: string) => {
    await field.fill(text);
    await page.getByRole("button", { name: "Add", exact: true }).click();
  };
  await add("npub1nobody");
  await says(page, "this is neither npub1… nor 64 lower-case hex digits");
  for (const { npub } of [friend, crank]) {
    await add(npub);
    await says(page, `${shown(npub)} is in.`);
  }
  await says(page, "3 of 10 people");
  const row = (npub: string) => page.getByRole("listitem").filter({ hasText: shown(npub) });
  // The relay server has been told, and the page with it.
  await row(friend.npub).getByText("added here").waitFor();

  await page.getByRole("button", { name: `Ban ${shown(crank.npub)}` }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Everything they ever wrote here is deleted, for ever.").waitFor();
  await dialog.getByLabel("Why").fill("spam");
  await dialog.getByRole("button", { name: "Ban" }).click();
  await says(page, `${shown(crank.npub)} is banned.`);
  await says(page, "2 of 10 people");
  await page.getByText("Banned", { exact: true }).click();
  await row(crank.npub).getByText("spam").waitFor();
  await page.getByText("What happened", { exact: true }).click();
  await says(page, "was banned: spam");

  // Eight more are all there is room for: the ninth waits.
  const others = Array.from({ length: 8 }, newPerson);
  for (const { pubkey } of others)
    await me.send("POST", `/tenant/relays/${id}/members`, { pubkey });
  await says(page, "Somebody came or went since you opened this.");
  await add(newPerson().npub);
  await says(page, /is on the waiting list: the relay is full/);
  await page.getByRole("button", { name: "Show it" }).click();
  await heading(page, "Waiting list");
  await page.getByRole("button", { name: `Remove ${shown(friend.npub)}` }).click();
  await dialog.getByText("What they wrote stays.").waitFor();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await says(page, `${shown(friend.npub)} is out.`);
  await says(page, "10 of 10 people");

  // Without what was said of it all, which goes by itself.
  await page.reload();
  await page.getByRole("button", { name: /^Ban / }).first().click();
  await dialog.waitFor();
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
});

test("a stranger with nothing but a browser follows a link, makes a key and is in", async () => {
  const me = tenant();
  const { id } = await me.relay("invites", "free", { name: "Harbour choir" });
  const page = await me.see(`/relays/${id}?tab=people`);
  await badge(page, "active");
  await page.getByLabel("Name of the link").fill("Sunday singers");
  await page.getByLabel("How many people", { exact: true }).fill("3");
  await page.getByRole("button", { name: "Make a link" }).click();
  await says(page, "0 of 3 used");
  const { items } = await me.send<{ items: { url: string }[] }>(
    "GET",
    `/tenant/relays/${id}/invites`,
  );
  const link = items[0]?.url ?? "";

  const { page: theirs } = await visit({ extension: false });
  await theirs.goto(link);
  await heading(theirs, "Harbour choir");
  await expectAccessible(theirs);
  await expectNoSidewaysScroll(theirs);
  await theirs.getByRole("link", { name: "Join with a new key" }).click();
  await theirs.getByLabel("Name", { exact: true }).fill("Wren");
  await theirs.getByRole("button", { name: "Make my key" }).click();
  await theirs.getByRole("button", { name: "Show the key" }).click();
  const key = String(await theirs.getByRole("group", { name: "Your secret key" }).textContent());
  await theirs.getByRole("button", { name: "Copy" }).click();
  await theirs.getByRole("button", { name: "I have saved it" }).click();
  await theirs.getByLabel(/^The last 6 characters/).fill(key.slice(-6));
  await theirs.getByRole("button", { name: "Log in" }).click();
  await theirs.waitForURL("**/join/**");
  await theirs.getByRole("button", { name: "Join", exact: true }).click();
  await says(theirs, "You are in");
  const flotilla = theirs.getByRole("link", { name: "Open in Flotilla" });
  expect(await flotilla.getAttribute("href")).toContain("/spaces/invites.");

  await says(page, "Somebody came or went since you opened this.");
  await page.getByRole("button", { name: "Show it" }).click();
  await says(page, "came by a link");
  await page.getByRole("button", { name: "Revoke Sunday singers" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await says(page, "no longer works");
  await theirs.goto(link);
  await heading(theirs, "This link leads nowhere");
});

test("while the relay server does not answer, the page says that we keep trying", async () => {
  const me = tenant();
  const { id } = await me.relay("unreached");
  await faults({ zooid: "down" });
  try {
    await me.send("PUT", `/tenant/relays/${id}`, { description: "Told later." });
    const page = await me.see(`/relays/${id}`);
    await says(page, /The relay server does not answer. We keep trying/);
    await faults({ zooid: "ok" });
    await advance(60);
    await page.getByText(/We keep trying/).waitFor({ state: "detached" });
  } finally {
    await faults({ zooid: "ok" });
  }
});

test("while the relay server is down no page says that a relay runs", async () => {
  const me = tenant();
  const { id } = await me.relay("cut-off");
  const page = await me.see(`/relays/${id}`);
  await says(page, "Your relay is running.");
  const list = await me.see("/relays");
  await badge(list, "active");
  await faults({ zooid: "down" });
  try {
    await says(page, /nobody can reach your relay now/);
    for (const seen of [page, list]) await says(seen, "unreachable");
    expect(await page.getByText("Your relay is running.").count()).toBe(0);
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await faults({ zooid: "ok" });
    await says(page, "Your relay is running.");
    await list.getByText("unreachable").waitFor({ state: "detached" });
  } finally {
    await faults({ zooid: "ok" });
  }
});

test("every page passes the accessibility rules in light and dark, and fits a phone", async () => {
  const me = tenant();
  const graced = await me.relay("axe-graced", "basic");
  const page = await me.see(`/relays/${graced.id}`);
  await badge(page, "active");
  await advance(32 * DAY);
  await badge(page, "grace");
  const off = await me.relay("axe-off");
  await me.send("DELETE", `/tenant/relays/${off.id}`);
  const name = "A society for the protection of very long names of relays and things at sea";
  await me.relay("the-longest-subdomain-that-a-relay-can-have", "free", { name });
  const check = async (): Promise<void> => {
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
  };
  await check();
  await page.getByRole("tab", { name: "Plan" }).click();
  await page.getByRole("radio", { name: "Growth" }).check();
  await says(page, "Growth when you pay your renewal");
  await check();
  await page.getByRole("link", { name: "Edit" }).click();
  await page.getByLabel("Address").fill("axe-renamed");
  await says(page, /axe-renamed.* is free/);
  await check();
  await page.getByRole("link", { name: "Relays", exact: true }).click();
  await rows(page).nth(2).waitFor();
  await check();
  await rows(page).filter({ hasText: name }).click();
  await page.getByRole("button", { name: "Deactivate" }).click();
  await page.getByRole("dialog").waitFor();
  await check();
});
