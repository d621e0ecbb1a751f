/** What a page says while it is cut off, and that it finds its way back. */
import { expect, test } from "bun:test";
import { stage } from "./stage.ts";
import type { Visitor } from "./visitor.ts";

const { visit, ask, killBerth } = stage();

const order = (visitor: Visitor, name: string) =>
  ask(visitor, "POST", "/tenant/relays", {
    name,
    subdomain: `cut-${crypto.randomUUID().slice(0, 8)}`,
    plan: "free",
  });

test("who is offline is told at once, keeps what is typed, and is live again when back", async () => {
  const me = await visit({ loggedIn: true });
  const { page, context } = me;
  await page.goto("/relays");
  await page.getByRole("link", { name: "Add relay" }).click();
  await context.setOffline(true);
  await page.getByText("You are offline. What you see is as it was last known.").waitFor();
  await page.getByRole("textbox", { name: "Name" }).fill("Between two tides");
  await page.getByText("The name is checked when you are back.").waitFor();
  await page.getByRole("radio", { name: "Free" }).check({ force: true });
  await page.getByRole("button", { name: "Create relay" }).click();
  await page.getByText("You are offline. Try again when you are connected.").waitFor();
  await context.setOffline(false);
  await page.getByText("What you see is as it was last known.").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Create relay" }).click();
  await page.locator("[data-slot=relay]").filter({ hasText: "Between two tides" }).waitFor();
  // What happens elsewhere is seen again.
  await order(me, "Made elsewhere");
  await page.locator("[data-slot=relay]").filter({ hasText: "Made elsewhere" }).waitFor();
});

test("a page follows Berth through a restart by itself, and misses nothing", async () => {
  const me = await visit({ loggedIn: true });
  const { page } = me;
  await order(me, "Old watch");
  await page.goto("/relays");
  await page.getByText("Old watch", { exact: true }).waitFor();
  await killBerth();
  await order(me, "New watch");
  await page.getByText("New watch", { exact: true }).waitFor();
});

test("a device whose clock is wrong is told to set it right, and goes on then", async () => {
  const me = await visit({ loggedIn: true });
  const { page } = me;
  await page.clock.setSystemTime(Date.now() - 300_000);
  await page.goto("/relays");
  await page.getByText("Set your device’s clock right and try again.").waitFor();
  await page.clock.setSystemTime(Date.now());
  await page.getByRole("button", { name: "Try now" }).click();
  await page.getByText("Your first relay takes a minute").waitFor();
});

test("a server that has lost power and takes no signature yet is asked again by itself", async () => {
  const me = await visit({ loggedIn: true });
  const { page } = me;
  let refused = 0;
  await page.route("**/tenant/events", (route) => {
    if (refused++ > 0) return route.fallback();
    const problem = { code: "auth_before_boot", detail: "the event is older than the server" };
    return route.fulfill({ status: 401, json: problem });
  });
  await page.goto("/relays");
  await page.getByText("Your first relay takes a minute").waitFor();
  expect(refused).toBe(2);
});

test("a page that does not load says so, and others open", async () => {
  const { page } = await visit({ expects: /Failed to fetch dynamically imported module/ });
  await page.goto("/");
  await page.getByRole("heading", { level: 1 }).waitFor();
  const gone = (url: URL): boolean => /\/assets\/login-.*\.js$/.test(url.pathname);
  // As after an update: what this page would load is not there any more.
  await page.route(gone, (route) => route.fulfill({ status: 404, body: "" }));
  await page.getByRole("link", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "This page could not be shown" }).waitFor();
  await page.getByRole("link", { name: "Berth" }).click();
  await page.getByRole("heading", { name: /home port/ }).waitFor();
  await page.getByRole("link", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "This page could not be shown" }).waitFor();
  await page.unroute(gone);
  await page.getByRole("button", { name: "Reload" }).click();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
});

test("nothing jumps while a page comes", async () => {
  const me = await visit({ loggedIn: true, width: 390 });
  for (let count = 0; count < 3; count++) await order(me, `Relay ${count}`);
  const { page } = me;
  await page.addInitScript(() => {
    const shifts: number[] = [];
    Object.assign(window, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) shifts.push((entry as unknown as Shift).value);
    }).observe({ type: "layout-shift", buffered: true });
    type Shift = { value: number };
  });
  const shifted = () =>
    page.evaluate(() =>
      (window as unknown as { shifts: number[] }).shifts.reduce((sum, one) => sum + one, 0),
    );
  for (const [path, last] of [
    ["/relays", "[data-slot=relay]"],
    ["/relays/new", "input[name=name]"],
    ["/account", "main dl"],
  ] as const) {
    await page.goto(path);
    await page.locator(last).first().waitFor();
    await page.locator("footer").getByRole("link", { name: "Plans" }).waitFor();
    expect({ path, isCalm: (await shifted()) < 0.02 }).toEqual({ path, isCalm: true });
  }
});
