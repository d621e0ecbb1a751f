import type { Queries } from "../../db/index.ts";
import type { Post } from "../../machines/durable.ts";
import type { Change } from "../host/host.ts";
import { toSeconds } from "./seconds.ts";

/**
 * What is only ever appended: ledger lines (every sat that a tell or a create carries, and what
 * machines post), and what became of each bolt11 and each attempt to pay one. The key names transition and output, so that no
 * line can be written twice.
 */
export function projectFacts(queries: Queries, change: Change): void {
  for (const [index, output] of change.outputs.entries()) {
    const line = (from: string, to: string, amount: number, why: string): void => {
      if (amount === 0) return;
      const key = `${change.id}#${change.rev}.${index}`;
      queries.ledger.append({ key, tenant: change.scope, at: change.at, from, to, amount, why });
    };
    if (output.type === "tell") {
      line(change.id, output.tell.to, output.tell.sats ?? 0, output.tell.event.type);
    } else if (output.type === "create") {
      line(change.id, output.create.id, output.create.sats ?? 0, "credit");
    } else if (output.post.fact === "ledger") {
      const { from, to, sats, why } = output.post;
      line(from, to, sats, why);
    } else {
      projectFact(queries, change, output.post);
    }
  }
}

function projectFact(
  queries: Queries,
  change: Change,
  post: Exclude<Post, { fact: "ledger" }>,
): void {
  if (post.fact === "bolt11") {
    queries.invoices.insertBolt11({
      paymentHash: post.paymentHash,
      invoice: (change.snapshot.context as { id: string }).id,
      bolt11: post.bolt11,
      amount: post.sats,
      wallet: post.wallet,
      issuedAt: toSeconds(post.issuedAt),
      expiresAt: toSeconds(post.expiresAt),
      settledAt: null,
      settledAmount: null,
      preimage: null,
    });
  } else if (post.fact === "attempt") {
    const { id, paymentHash, state, code } = post;
    const invoice = (change.snapshot.context as { id: string }).id;
    const at = toSeconds(post.at);
    queries.attempts.record({
      id,
      invoice,
      paymentHash,
      state,
      code,
      createdAt: at,
      updatedAt: at,
    });
  } else {
    queries.invoices.settleBolt11(post.paymentHash, {
      settledAt: toSeconds(post.settledAt),
      settledAmount: post.sats,
      preimage: post.preimage,
    });
  }
}
