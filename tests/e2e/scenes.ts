import type { Page } from "playwright-core";
import type { TenantName } from "./scene-world.ts";

/** A page in a state: who looks at it, where it is, and what is there once it is ready. */
export type Scene = {
  name: string;
  path: string;
  tenant?: TenantName;
  until: (page: Page) => Promise<unknown>;
};

const heading =
  (name: string | RegExp) =>
  (page: Page): Promise<void> =>
    page.getByRole("heading", { name, level: 1 }).waitFor();
const text =
  (words: string | RegExp) =>
  (page: Page): Promise<void> =>
    page.getByText(words).first().waitFor();

export const scenes: Scene[] = [
  { name: "home", path: "/", until: heading(/home port/) },
  { name: "login", path: "/login", until: heading(/Log in/) },
  {
    name: "login-code",
    path: "/login?with=connect",
    until: (page) => page.getByRole("img", { name: /QR code/ }).waitFor(),
  },
  { name: "login-address", path: "/login?with=bunker", until: heading("Signer address") },
  { name: "login-key", path: "/login?with=key", until: heading("Secret key") },
  { name: "login-new", path: "/login?with=create", until: heading("Who are you?") },
  { name: "relays-empty", path: "/relays", tenant: "newcomer", until: text(/first relay/i) },
  {
    name: "new-relay",
    path: "/relays/new?plan=basic",
    tenant: "newcomer",
    until: heading("New relay"),
  },
  {
    name: "checkout",
    path: "/account?invoice=:invoice",
    tenant: "buyer",
    until: (page) => page.getByRole("img", { name: /QR code/ }).waitFor(),
  },
  {
    name: "relay-pending",
    path: "/relays/:relay",
    tenant: "buyer",
    until: heading("Harbour makers"),
  },
  { name: "relays", path: "/relays", tenant: "regular", until: text("Test tank") },
  { name: "relay", path: "/relays/:relay", tenant: "regular", until: heading("Book club") },
  {
    name: "relay-history",
    path: "/relays/:relay?tab=history",
    tenant: "regular",
    until: heading("Book club"),
  },
  {
    name: "relay-plan",
    path: "/relays/:relay?tab=plan",
    tenant: "regular",
    until: heading("Book club"),
  },
  {
    name: "relay-quote",
    path: "/relays/:relay?tab=plan",
    tenant: "regular",
    until: async (page) => {
      await page.getByRole("radio", { name: /Growth/ }).check({ force: true });
      await page.getByRole("button", { name: /Change to Growth/ }).waitFor();
    },
  },
  {
    name: "relay-deactivate",
    path: "/relays/:relay",
    tenant: "regular",
    until: async (page) => {
      await page.getByRole("button", { name: "Deactivate" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "relay-deactivated",
    path: "/relays/:relay",
    tenant: "ashore",
    until: heading("Winter quarters"),
  },
  {
    name: "relays-offline",
    path: "/relays",
    tenant: "regular",
    until: async (page) => {
      await text("Test tank")(page);
      await page.context().setOffline(true);
      await text(/^You are offline/)(page);
    },
  },
  { name: "edit-relay", path: "/relays/:relay/edit", tenant: "regular", until: heading(/Edit/) },
  { name: "account", path: "/account", tenant: "regular", until: heading("Account") },
  {
    name: "account-invoices",
    path: "/account?tab=invoices",
    tenant: "regular",
    until: heading("Account"),
  },
  {
    name: "account-billing",
    path: "/account?tab=billing",
    tenant: "regular",
    until: heading("Account"),
  },
  {
    name: "account-notices",
    path: "/account?tab=notices",
    tenant: "debtor",
    until: heading("Account"),
  },
  {
    name: "receipt",
    path: "/account?invoice=:invoice",
    tenant: "regular",
    until: (page) => page.getByText("Preimage", { exact: true }).waitFor(),
  },
  { name: "relays-grace", path: "/relays", tenant: "debtor", until: text("Tide pool") },
  { name: "relay-grace", path: "/relays/:relay", tenant: "debtor", until: heading("Tide pool") },
  { name: "account-due", path: "/account", tenant: "debtor", until: heading("Account") },
  {
    name: "relay-suspended",
    path: "/relays/:relay",
    tenant: "dark",
    until: heading("Lighthouse keepers"),
  },
  {
    name: "not-found",
    path: "/relays/r0a0a0a0a0a0a0a0a0a0a0a0a",
    tenant: "newcomer",
    until: heading(/no such relay/i),
  },
];
