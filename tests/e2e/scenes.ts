import type { Page } from "playwright-core";
import type { TenantName } from "./scene-world.ts";

/** A page in a state: who looks at it, where it is, and what is there once it is ready. */
export type Scene = {
  name: string;
  path: string;
  tenant?: TenantName;
  /** What is so before the page is opened. */
  before?: (page: Page) => Promise<unknown>;
  /** Resolves once the page is as it is to be seen; may click its way there. */
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

const click =
  (name: string | RegExp, then: (page: Page) => Promise<unknown>) =>
  async (page: Page): Promise<void> => {
    await page.getByRole("button", { name }).first().click();
    await then(page);
  };

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
  {
    name: "checkout-closed",
    path: "/account?invoice=:invoice",
    tenant: "late",
    until: heading("This invoice is closed"),
  },
  {
    name: "relay-deactivated",
    path: "/relays/:relay",
    tenant: "leaver",
    until: heading("Old pier"),
  },
  {
    name: "relay-name-lost",
    path: "/relays/:lost?tab=plan",
    tenant: "leaver",
    until: text("Its name is somebody else's now"),
  },
  {
    name: "signer-refuses",
    path: "/relays",
    tenant: "leaver",
    before: (page) =>
      page.addInitScript(() => {
        const { nostr } = window as unknown as { nostr: { signEvent: unknown } };
        nostr.signEvent = () => Promise.reject(new Error("refused"));
      }),
    until: text("Nothing is shown yet"),
  },
  {
    name: "offline",
    path: "/relays",
    tenant: "leaver",
    until: async (page) => {
      await text("Old pier")(page);
      await page.context().setOffline(true);
      await text("You are offline.")(page);
    },
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
    name: "relay-people",
    path: "/relays/:relay?tab=people",
    tenant: "regular",
    until: text("4 of 100 people"),
  },
  { name: "join", path: "/join/:token", tenant: "regular", until: text("You are invited to") },
  {
    name: "relay-plan",
    path: "/relays/:relay?tab=plan",
    tenant: "regular",
    until: heading("Book club"),
  },
  {
    name: "relay-upgrade",
    path: "/relays/:relay?tab=plan",
    tenant: "regular",
    until: async (page) => {
      await page.getByRole("radio", { name: "Growth" }).check();
      await text(/^Change to Growth for/)(page);
    },
  },
  {
    name: "relay-deactivate",
    path: "/relays/:relay",
    tenant: "regular",
    until: click("Deactivate", (page) => page.getByRole("dialog").waitFor()),
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
    name: "account-billing-refused",
    path: "/account?tab=billing",
    tenant: "short",
    until: (page) => page.getByText("did not pay").first().waitFor(),
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
