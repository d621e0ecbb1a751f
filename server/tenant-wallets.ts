import type { Queries } from "../db/index.ts";
import type { TenantRow } from "../db/tenants.ts";
import { invoiceActor, tenantActor } from "../machines/addresses.ts";
import { isRenewed, renewedAt, type Seat } from "../machines/billing/seats.ts";
import { type Charged, dueSats } from "../machines/invoice/context.ts";
import { refusalOf } from "../machines/invoice/refusal.ts";
import { plans } from "../machines/plans.ts";
import type { CommandParts } from "./commands/index.ts";
import { setWallet, walletProblem, walletSecret } from "./commands/wallet.ts";
import { AppError, Refused, Unavailable } from "./errors.ts";
import type { EffectContext } from "./host/effect.ts";
import { Secret } from "./secrets.ts";
import { parseWalletConnectUrl } from "./wallet/connection.ts";
import type { Payer, SignedPayment } from "./wallet/payer.ts";
import { type AdviceCode, neededBudgetSats, walletAdvice } from "./wallet/payer-advice.ts";

/**
 * How long a wallet may still carry a request out; then it is as if it was never sent. Real time, with
 * room for a wallet whose clock is minutes ahead. A bolt11 settles once, however many requests name it.
 */
const REQUEST_EXPIRES_IN_SECONDS = 240;
const PROBE_MS = 15_000;

const ADVICE: Record<AdviceCode, string> = {
  wallet_cannot_pay: "this connection cannot pay; allow it pay_invoice",
  other_network: "this wallet is of another network, so it cannot pay our invoices",
  budget_too_low: "the budget of this connection is too small for what your relays cost",
  more_than_needed: "this connection can do more than pay; make one that can do nothing else",
};

/** How a tenant pays, as it goes over the wire: sats a month, and what should be better. */
export type Billing = {
  wallet: TenantRow["wallet"];
  warnings: { code: string; detail: string; needed_budget: number | null }[];
  needed_budget: number | null;
  monthly: number;
};

export type TenantWallets = ReturnType<typeof createTenantWallets>;

/** Tenants' own wallets: connecting one, and having it pay. */
export function createTenantWallets(parts: {
  commands: CommandParts;
  queries: Queries;
  payer: Payer;
  open: (id: string) => Promise<Secret>;
}) {
  const { commands, queries, payer } = parts;

  /** What should be better about a connection. @throws AppError 422 where it is of no use */
  async function tried(pubkey: string, url: Secret): Promise<Billing["warnings"]> {
    const probe = await payer.probe(url, AbortSignal.timeout(PROBE_MS)).catch((error) => {
      // What the wallet or its relay said is not repeated: it may hold what was sent.
      const code = error instanceof Refused ? error.code : null;
      if (code === "nwc_malformed") throw malformed();
      if (code === "wallet_unauthorized")
        throw walletProblem("wallet_cannot_pay", "this wallet does not know the connection");
      throw walletProblem("wallet_unreachable", unreachableWords(error));
    });
    const monthlySats = await monthlyOf(commands, pubkey);
    const { refusals, warnings } = walletAdvice(probe, {
      monthlySats,
      network: commands.network,
    });
    const [refusal] = refusals;
    if (refusal) throw walletProblem(refusal, ADVICE[refusal]);
    return warnings.map(({ code, neededBudgetSats }) => ({
      code,
      detail: ADVICE[code],
      needed_budget: neededBudgetSats ?? null,
    }));
  }

  /** Open invoices that the connected wallet was asked to pay, and did not. */
  async function refusals(
    pubkey: string,
    neededBudget: number | null,
  ): Promise<Billing["warnings"]> {
    const { items: open } = await queries.invoices.list(pubkey, { ...OPEN, limit: 20, offset: 0 });
    const told = open.map(async ({ id }) => {
      const c = (await commands.host.read(invoiceActor(id)))?.persisted.context;
      const refusal = c ? refusalOf(c) : null;
      if (!c || refusal === null) return [];
      const { code, words } = refusal;
      const detail = `your wallet did not pay ${dueSats(c)} sats: ${words} (${code})`;
      const needed_budget = code === "QUOTA_EXCEEDED" ? neededBudget : null;
      return [{ code: "wallet_refused", detail, needed_budget }];
    });
    return (await Promise.all(told)).flat();
  }

  return {
    /** Pays from a tenant's wallet. The signed request is stored before it is first sent. */
    async pay(
      tenant: string,
      bolt11: string,
      { memo, signal }: Pick<EffectContext, "memo" | "signal">,
    ): Promise<Charged> {
      const id = walletSecret(tenant);
      if (!(await queries.secrets.get(id))) return { outcome: "none" };
      const nwcUrl = await parts.open(id);
      const request = { bolt11, expiresInSeconds: REQUEST_EXPIRES_IN_SECONDS };
      const signed: SignedPayment = await memo(() => payer.sign(nwcUrl, request, signal));
      const answer = await payer.send(nwcUrl, signed, signal);
      if (answer.outcome !== "rejected") return { outcome: answer.outcome };
      // Another connection is there since: that the former one refused must not break this one.
      const isStill =
        (await queries.secrets.get(id)) && (await parts.open(id)).reveal() === nwcUrl.reveal();
      if (!isStill) return { outcome: "unknown" };
      return { outcome: "rejected", code: answer.code, renewsAt: answer.renewsAt };
    },

    /** How a tenant pays, as far as we know without asking the wallet. */
    async billing(pubkey: string): Promise<Billing> {
      const wallet = (await queries.tenants.get(pubkey))?.wallet ?? "none";
      const costs = await costsOf(commands, pubkey);
      const warnings = wallet === "broken" ? [BROKEN] : [];
      if (wallet === "connected") warnings.push(...(await refusals(pubkey, costs.needed_budget)));
      return { wallet, warnings, ...costs };
    },

    /**
     * Tries a connection and keeps it; null clears.
     * @throws AppError 422 `wallet_malformed`, `wallet_unreachable`, `wallet_cannot_pay`
     */
    async connect(pubkey: string, nwcUrl: string | null): Promise<Billing> {
      if (nwcUrl === null) {
        await setWallet(commands, pubkey, null);
        return this.billing(pubkey);
      }
      const url = new Secret(parsed(nwcUrl));
      const warnings = await tried(pubkey, url);
      await setWallet(commands, pubkey, url.reveal());
      return { ...(await this.billing(pubkey)), warnings };
    },

    /**
     * Tries the connection that is kept, and changes nothing.
     * @throws AppError 409 `no_wallet`; 422 as `connect`
     */
    async check(pubkey: string): Promise<Billing> {
      const id = walletSecret(pubkey);
      if (!(await queries.secrets.get(id)))
        throw new AppError("no_wallet", 409, "you have connected no wallet; connect one first");
      const warnings = await tried(pubkey, await parts.open(id)).catch((error) => {
        // Nothing was sent in that could be put right.
        throw error instanceof AppError
          ? new AppError(error.code, error.status, error.message)
          : error;
      });
      const known = await this.billing(pubkey);
      return { ...known, warnings: [...known.warnings, ...warnings] };
    },
  };
}

const OPEN = { q: null, status: "pending" };

/** Of a wallet that once refused us: whatever it says now, it is not asked to pay. */
const BROKEN: Billing["warnings"][number] = {
  code: "wallet_broken",
  detail: "this wallet refused to pay and is not asked again; connect it anew",
  needed_budget: null,
};

/** What became of asking a wallet, in our words: what it wrote itself may hold what was sent. */
function unreachableWords(error: unknown): string {
  const code = error instanceof Refused || error instanceof Unavailable ? error.code : "";
  const known = UNREACHABLE[code];
  if (known !== undefined) return known;
  const answered = /^wallet_([a-z_]+)$/.exec(code)?.[1];
  return answered
    ? `this wallet answered ${answered.toUpperCase()}; look into the wallet, then try again`
    : "this wallet does not answer; is it online?";
}

const UNREACHABLE: Record<string, string> = {
  wallet_silent:
    "this wallet does not answer; is it online? We reached a relay of it, and heard nothing",
  wallet_unreachable: "none of the relays of this connection can be reached, or they refused us",
  wallet_nonsense: "this wallet answered, but not in a way that we understand",
  wallet_unsupported_encryption: "this wallet offers no encryption that we know (NIP-44 or NIP-04)",
  outbound_refused: "the relays of this connection are not on the public internet",
};

const malformed = () =>
  walletProblem(
    "wallet_malformed",
    "paste the whole connection: nostr+walletconnect://<pubkey>?relay=wss://…&secret=…",
  );

function parsed(nwcUrl: string): string {
  try {
    return parseWalletConnectUrl(nwcUrl);
  } catch {
    throw malformed();
  }
}

const seatsOf = async ({ host }: CommandParts, pubkey: string): Promise<Seat[]> => {
  const till = (await host.read(tenantActor(pubkey)))?.persisted.context;
  return Object.values(till?.seats ?? {});
};
const sum = (sats: number[]): number => sats.reduce((total, each) => total + each, 0);

/** What a month of the tenant's paid relays costs; at least the smallest plan. */
async function monthlyOf(commands: CommandParts, pubkey: string): Promise<number> {
  const seats = (await seatsOf(commands, pubkey)).filter(({ is }) =>
    ["on", "new", "dark"].includes(is),
  );
  const sats = sum(seats.map((seat) => plans[seat.next?.plan ?? seat.plan].priceSats));
  return sats > 0 ? sats : plans.basic.priceSats;
}

/** What all that runs and is paid costs a month, and the budget that what is renewed will take. */
async function costsOf(commands: CommandParts, pubkey: string) {
  const seats = await seatsOf(commands, pubkey);
  const running = seats.filter(({ is, prepaid }) => is === "on" || (is === "new" && prepaid));
  const renewed = sum(seats.filter(isRenewed).map((seat) => renewedAt(seat).priceSats));
  return {
    needed_budget: renewed > 0 ? neededBudgetSats(renewed) : null,
    monthly: sum(running.map(({ priceSats }) => priceSats)),
  };
}
