import { randomBytes } from "node:crypto";
import { schemas } from "../../db/schema.ts";
import { schemaFor, subdomainProblem } from "../../machines/names.ts";
import { AppError } from "../errors.ts";
import type { Tx } from "../host/host.ts";
import { toSeconds } from "../projections/seconds.ts";
import type { CommandParts } from "./index.ts";

/** Whether a name may be had, and why not. */
export type Availability =
  | { available: true }
  | { available: false; reason: string; detail: string };

/**
 * Whether `tenant` (null for a stranger) could have this subdomain at `nowMs`. The holder is looked for
 * before what is kept: a name is given up and kept in one unit, so one of the two is seen.
 * Reasons: the codes of {@link subdomainProblem}, `subdomain_taken`, `subdomain_quarantined`.
 */
export async function availabilityOf(
  { queries, relayDomain, ownHosts }: CommandParts,
  subdomain: string,
  tenant: string | null,
  nowMs: number,
): Promise<Availability> {
  const problem = subdomainProblem(subdomain);
  if (problem) return { available: false, reason: problem.code, detail: problem.fix };
  if (ownHosts.includes(`${subdomain}.${relayDomain}`))
    return no("subdomain_reserved", "this name is reserved; choose another");
  if (await queries.relays.holder(subdomain))
    return no("subdomain_taken", "this name is taken; choose another");
  const kept = await queries.relays.keptFor(subdomain, toSeconds(nowMs));
  if (kept && kept.tenant !== tenant)
    return no(
      "subdomain_quarantined",
      "this name was given up less than 30 days ago and is kept for its former owner; choose another",
    );
  return { available: true };
}

const no = (reason: string, detail: string): Availability => ({ available: false, reason, detail });

/** @throws AppError 409 where the name is not to be had, 422 where it is no name. */
export async function assertAvailable(
  parts: CommandParts,
  subdomain: string,
  tenant: string,
  nowMs: number,
): Promise<void> {
  const found = await availabilityOf(parts, subdomain, tenant, nowMs);
  if (found.available) return;
  const status = subdomainProblem(subdomain) ? 422 : 409;
  throw new AppError(found.reason, status, found.detail, { field: "subdomain" });
}

/**
 * Assigns the schema of a new relay, for ever. zooid shows the old data to whoever reuses one, so
 * one that was ever assigned is given out again only with a random suffix.
 */
export async function assignSchema(
  { queries }: CommandParts,
  tx: Tx,
  subdomain: string,
  relay: string,
): Promise<string> {
  let schema = schemaFor(subdomain);
  while (await queries.relays.isSchemaAssigned(schema))
    schema = schemaFor(subdomain, randomBytes(4).toString("hex"));
  tx.append(schemas, { schema, relay });
  return schema;
}
