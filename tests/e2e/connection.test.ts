/** What a page says while it is cut off, and that it finds its way back. */
import { expect, test } from "bun:test";
import { stage } from "./stage.ts";
import type { Visitor } from "./visitor.ts";

const { visit, ask } = stage();

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
