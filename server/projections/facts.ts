import { append, type Put, patch, put } from "../../db/put.ts";
import { attempts, bolt11s, ledger } from "../../db/schema.ts";
import type { Post } from "../../machines/durable.ts";
import type { Change } from "../host/rules.ts";
import { type AboutPeople, isAboutPeople, peoplePuts } from "./community.ts";
import { toSeconds } from "./seconds.ts";

/**
 * What is only ever appended: ledger lines (every sat that a tell or a create carries, and what
 * machines post), and what became of each bolt11 and each attempt to pay one. The key of a ledger line
 * names transition and output, so that none can be written twice. And who came and went in a community.
 */
export function factPuts(change: Change): Put[] {
  return change.outputs.flatMap((output, index) => {
    const line = (from: string, to: string, amount: number, why: string): Put[] => {
      const key = `${change.id}#${change.rev}.${index}`;
      const { scope: tenant, at } = change;
      return amount === 0 ? [] : [append(ledger, { key, tenant, at, from, to, amount, why })];
    };
    if (output.type === "tell")
      return line(change.id, output.tell.to, output.tell.sats ?? 0, output.tell.event.type);
    if (output.type === "create")
      return line(change.id, output.create.id, output.create.sats ?? 0, "credit");
    if (output.post.fact === "ledger") {
      const { from, to, sats, why } = output.post;
      return line(from, to, sats, why);
    }
    if (isAboutPeople(output.post)) return peoplePuts(output.post, change, index);
    return [factPut(output.post, (change.snapshot.context as { id: string }).id)];
  });
}

function factPut(post: Exclude<Post, { fact: "ledger" } | AboutPeople>, invoice: string): Put {
  if (post.fact === "bolt11")
    return append(bolt11s, {
      paymentHash: post.paymentHash,
      invoice,
      bolt11: post.bolt11,
      amount: post.sats,
      wallet: post.wallet,
      issuedAt: toSeconds(post.issuedAt),
      expiresAt: toSeconds(post.expiresAt),
      settledAt: null,
      settledAmount: null,
      preimage: null,
    });
  if (post.fact === "attempt") {
    const { id, paymentHash, state, code } = post;
    const at = toSeconds(post.at);
    const row = { id, invoice, paymentHash, state, code, createdAt: at, updatedAt: at };
    return put(attempts, row, ["invoice", "paymentHash", "createdAt"]);
  }
  return patch(bolt11s, {
    paymentHash: post.paymentHash,
    settledAt: toSeconds(post.settledAt),
    settledAmount: post.sats,
    preimage: post.preimage,
  });
}
