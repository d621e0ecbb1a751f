import type { Queries } from "../db/index.ts";
import type { Charged } from "../machines/invoice.ts";
import { tenantActor } from "../machines/messages.ts";
import { plans } from "../machines/plans.ts";
import type { TenantContext } from "../machines/tenant.ts";
import type { CommandParts } from "./commands/index.ts";
import { setWallet, walletProblem, walletSecret } from "./commands/wallet.ts";
import { parseWalletConnectUrl } from "./config-values.ts";
import { Refused } from "./errors.ts";
import type { EffectContext } from "./host/effect.ts";
import { Secret } from "./secrets.ts";
import type { Payer, SignedPayment } from "./wallet/payer.ts";
import { type AdviceCode, walletAdvice } from "./wallet/payer-advice.ts";

/** How long a wallet may still carry a request out; then it is as if it was never sent. Real time. */
const REQUEST_EXPIRES_IN_SECONDS = 60;
const PROBE_MS = 15_000;

const ADVICE: Record<AdviceCode, string> = {
  wallet_cannot_pay: "this connection cannot pay; allow it pay_invoice",
  budget_too_low: "the budget of this connection is too small for what your relays cost",
  more_than_needed: "this connection can do more than pay; make one that can do nothing else",
};

/** Tenants' own wallets: connecting one, and having it pay. */
export function createTenantWallets(parts: {
  commands: CommandParts;
  queries: Queries;
  payer: Payer;
  open: (id: string) => Secret;
}) {
  const { commands, queries, payer } = parts;

  return {
    /** Pays from a tenant's wallet. The signed request is stored before it is first sent. */
    async pay(
      tenant: string,
      bolt11: string,
      { memo, signal }: Pick<EffectContext, "memo" | "signal">,
    ): Promise<Charged> {
      const id = walletSecret(tenant);
      if (!queries.secrets.get(id)) return { outcome: "none" };
      const nwcUrl = parts.open(id);
      const request = { bolt11, expiresInSeconds: REQUEST_EXPIRES_IN_SECONDS };
      const signed: SignedPayment = await memo(() => payer.sign(nwcUrl, request, signal));
      const answer = await payer.send(nwcUrl, signed, signal);
      if (answer.outcome !== "rejected") return { outcome: answer.outcome };
      return { outcome: "rejected", code: answer.code, renewsAt: answer.renewsAt };
    },

    /**
     * Tries a connection and keeps it; null clears.
     * @throws AppError 422 `wallet_malformed`, `wallet_unreachable`, `wallet_cannot_pay`
     */
    async connect(pubkey: string, nwcUrl: string | null) {
      if (nwcUrl === null) {
        await setWallet(commands, pubkey, null);
        return { wallet: "none" as const, warnings: [] };
      }
      const url = new Secret(parsed(nwcUrl));
      const probe = await payer.probe(url, AbortSignal.timeout(PROBE_MS)).catch((error) => {
        // What the wallet or its relay said is not repeated: it may hold what was sent.
        const code = error instanceof Refused ? error.code : null;
        if (code === "nwc_malformed") throw malformed();
        if (code === "wallet_unauthorized")
          throw walletProblem("wallet_cannot_pay", "this wallet does not know the connection");
        throw walletProblem("wallet_unreachable", "this wallet does not answer; is it online?");
      });
      const monthlySats = monthlyOf(commands, pubkey);
      const { refusals, warnings } = walletAdvice(probe, { monthlySats });
      const [refusal] = refusals;
      if (refusal) throw walletProblem(refusal, ADVICE[refusal]);
      await setWallet(commands, pubkey, url.reveal());
      return {
        wallet: "connected" as const,
        warnings: warnings.map(({ code, neededBudgetSats }) => ({
          code,
          detail: ADVICE[code],
          needed_budget: neededBudgetSats ?? null,
        })),
      };
    },
  };
}

const malformed = () =>
  walletProblem(
    "wallet_malformed",
    "paste the whole connection: nostr+walletconnect://<pubkey>?relay=wss://…&secret=…",
  );

function parsed(nwcUrl: string): string {
  try {
    return parseWalletConnectUrl(nwcUrl.trim());
  } catch {
    throw malformed();
  }
}

/** What a month of the tenant's paid relays costs; at least the smallest plan. */
function monthlyOf({ host }: CommandParts, pubkey: string): number {
  const till = host.read(tenantActor(pubkey))?.persisted.context as TenantContext | undefined;
  const sats = Object.values(till?.seats ?? {})
    .filter((seat) => seat.is === "on" || seat.is === "new" || seat.is === "dark")
    .reduce((sum, seat) => sum + plans[seat.next?.plan ?? seat.plan].priceSats, 0);
  return sats > 0 ? sats : plans.basic.priceSats;
}
