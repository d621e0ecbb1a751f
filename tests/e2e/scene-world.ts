/** The people whose pages are shown: each is made once, by the API alone. */
import { generateSecretKey, getPublicKey } from "nostr-tools/pure";
import type { SandboxInfo } from "../../server/sandbox/sandbox.ts";
import { signed } from "./signed.ts";

export type TenantName =
  | "newcomer"
  | "buyer"
  | "late"
  | "leaver"
  | "regular"
  | "short"
  | "debtor"
  | "dark";
/** `ids` are what a scene's path may name: `:relay`, `:invoice`, `:lost`, `:token`. */
export type Tenant = { secretKey: Uint8Array; ids: Record<string, string> };
type Ordered = { relay: { id: string }; invoice: { id: string; invoice: string } | null };
type Relay = { id: string; status: string; open_invoice: string | null };

const DAY_SECONDS = 86_400;

export function sceneWorld({ url, tenant_nwc_url }: SandboxInfo) {
  const made = new Map<TenantName, Promise<Tenant>>();
  const control = async (path: string, body: Record<string, unknown>): Promise<void> => {
    const response = await fetch(`${url}/sandbox/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  };

  const makers: Record<TenantName, (ask: Ask, secretKey: Uint8Array) => Promise<Tenant["ids"]>> = {
    newcomer: async (ask) => {
      await ask("GET", "/tenant");
      return {};
    },
    buyer: async (ask) => {
      const { relay, invoice } = await order(ask, "Harbour makers", "makers", "basic");
      return { relay: relay.id, invoice: invoice?.id ?? "" };
    },
    /** Who did not pay in time. */
    late: async (ask) => {
      const { relay, invoice } = await order(ask, "Slack water", "slack-water", "basic");
      await control("clock", { advance_seconds: DAY_SECONDS + 3_600 });
      return { relay: relay.id, invoice: invoice?.id ?? "" };
    },
    /** One relay was switched off and can come back; of another somebody else has the name. */
    leaver: async (ask) => {
      const { relay } = await bought(ask, "Old pier", "old-pier", "basic");
      const lost = await order(ask, "Blue lagoon", "blue-lagoon", "basic");
      for (const { id } of [relay, lost.relay]) await ask("DELETE", `/tenant/relays/${id}`);
      await order(stranger(), "Another lagoon", "blue-lagoon", "free");
      return { relay: relay.id, lost: lost.relay.id };
    },
    /** Two paid relays and a free one, a wallet connected, and a month gone by. */
    regular: async (ask) => {
      const first = await bought(ask, "Book club", "bookclub", "basic");
      await bought(ask, "Night school of the northern quays", "night-school", "growth");
      await order(ask, "Test tank", "tank", "free");
      await ask("PUT", "/tenant/billing", { nwc_url: tenant_nwc_url });
      await control("clock", { advance_seconds: 33 * DAY_SECONDS });
      for (const key of ["1", "2", "3"].map(() => getPublicKey(generateSecretKey())))
        await ask("POST", `/tenant/relays/${first.relay.id}/members`, { pubkey: key });
      const link = (await ask("POST", `/tenant/relays/${first.relay.id}/invites`, {
        label: "Readers",
        max_uses: 20,
      })) as { url: string };
      const token = link.url.split("/").at(-1) ?? "";
      return { relay: first.relay.id, invoice: first.invoice?.id ?? "", token };
    },
    /** A wallet is connected, and had not enough in it when it was asked. */
    short: async (ask) => {
      const { relay } = await bought(ask, "Ebb and flow", "ebb", "basic");
      await ask("PUT", "/tenant/billing", { nwc_url: tenant_nwc_url });
      await control("faults", { tenant_wallet: "empty" });
      await control("clock", { advance_seconds: 32 * DAY_SECONDS });
      await control("faults", { tenant_wallet: "ok" });
      return openOf(ask, relay.id);
    },
    debtor: async (ask) => {
      const { relay } = await bought(ask, "Tide pool", "tidepool", "basic");
      await order(ask, "Spare room", "spare", "free");
      await control("clock", { advance_seconds: 33 * DAY_SECONDS });
      return openOf(ask, relay.id);
    },
    dark: async (ask) => {
      const { relay } = await bought(ask, "Lighthouse keepers", "keepers", "basic");
      await control("clock", { advance_seconds: 42 * DAY_SECONDS });
      return openOf(ask, relay.id);
    },
  };
  const stranger = (): Ask => {
    const secretKey = generateSecretKey();
    return (method, path, body) => signed(url, secretKey, method, path, body);
  };
  async function bought(ask: Ask, name: string, subdomain: string, plan: string) {
    const ordered = await order(ask, name, subdomain, plan);
    await control("pay", { bolt11: ordered.invoice?.invoice ?? "" });
    await ask("POST", `/tenant/invoices/${ordered.invoice?.id}/check`);
    return ordered;
  }
  async function openOf(ask: Ask, id: string): Promise<Tenant["ids"]> {
    const relay = (await ask("GET", `/tenant/relays/${id}`)) as Relay;
    return { relay: id, invoice: relay.open_invoice ?? "" };
  }

  return {
    tenant(name: TenantName): Promise<Tenant> {
      const known = made.get(name);
      if (known) return known;
      const secretKey = generateSecretKey();
      const ask: Ask = (method, path, body) => signed(url, secretKey, method, path, body);
      const tenant = makers[name](ask, secretKey).then((ids) => ({ secretKey, ids }));
      made.set(name, tenant);
      return tenant;
    },
  };
}

type Ask = (method: string, path: string, body?: Record<string, unknown>) => Promise<unknown>;

const order = (ask: Ask, name: string, subdomain: string, plan: string) =>
  ask("POST", "/tenant/relays", {
    name,
    subdomain,
    plan,
    description: "Where we meet between two tides.",
  }) as Promise<Ordered>;
