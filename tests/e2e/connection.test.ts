/** What becomes of an open page while its device, or Berth, is out of reach. */
import { test } from "bun:test";
import { stage } from "./stage.ts";

const { visit, ask, killBerth } = stage();

const order = (visitor: Parameters<typeof ask>[0], name: string, subdomain: string) =>
  ask(visitor, "POST", "/tenant/relays", { name, subdomain, description: "", plan: "free" });

test("a device that is offline is told so at once, keeps what it shows, and goes on when it is back", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page, context } = visitor;
  await order(visitor, "Before the storm", "before-the-storm");
  await page.goto("/relays");
  await page.getByText("Before the storm").waitFor();
  await context.setOffline(true);
  await page.getByText("You are offline. What you see is as it was last known.").waitFor();
  await page.getByText("Before the storm").waitFor();
  // What happens meanwhile is here once one is back.
  await order(visitor, "During the storm", "during-the-storm");
  await context.setOffline(false);
  await page.getByText("During the storm").waitFor();
  await page.getByText("You are offline.").waitFor({ state: "detached" });
});

test("a page follows Berth through a restart by itself, and misses nothing", async () => {
  const visitor = await visit({ loggedIn: true });
  const { page } = visitor;
  await order(visitor, "Old watch", "old-watch");
  await page.goto("/relays");
  await page.getByText("Old watch").waitFor();
  await killBerth();
  await order(visitor, "New watch", "new-watch");
  await page.getByText("New watch").waitFor();
});
