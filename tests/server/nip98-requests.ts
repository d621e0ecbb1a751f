import fc from "fast-check";
import { type EventTemplate, finalizeEvent, type NostrEvent } from "nostr-tools/pure";
import type { AuthRequest } from "../../server/nostr/nip98.ts";

export const publicUrl = "https://berth.example";
/** The verifier's clock stands still here, epoch seconds. */
export const nowSeconds = 1_800_000_000;

/** A request and the event that rightly vouches for it. */
export type Honest = {
  request: Omit<AuthRequest, "authorization">;
  template: EventTemplate;
  secretKey: Uint8Array;
  /** Chooses among positions and values inside a mutation. */
  pick: number;
};

export const sha256 = (data: Uint8Array | string) => Bun.SHA256.hash(data, "hex");
export const toHeader = (event: unknown) =>
  `Nostr ${Buffer.from(JSON.stringify(event)).toString("base64")}`;
/** The event as it looks to someone who received it: no library's marks on it. */
export const sign = (template: EventTemplate, secretKey: Uint8Array): NostrEvent =>
  JSON.parse(JSON.stringify(finalizeEvent(template, secretKey)));
export const honestHeader = ({ template, secretKey }: Honest) =>
  toHeader(sign(template, secretKey));

export const honest: fc.Arbitrary<Honest> = fc
  .record({
    method: fc.constantFrom("GET", "POST", "PUT", "DELETE"),
    path: fc.constantFrom("/tenant", "/tenant/relays", "/tenant/relays/r0a1/", "/tenant/invoices"),
    query: fc.constantFrom("", "?limit=5", "?q=a%20b&status=active", "?a=1&b=2", "?q=%C3%BC"),
    body: fc.uint8Array({ minLength: 1, maxLength: 300 }),
    ageSeconds: fc.integer({ min: -60, max: 60 }),
    extra: fc.constantFrom<string[][]>(
      [],
      [["nonce", "1"]],
      [["client", "x", "y"], [], ["alt", "ü\n\u2028"]],
    ),
    secretKey: fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .filter((key) => key[0] !== 255 && key.some((byte) => byte !== 0)),
    pick: fc.nat(),
  })
  .map(({ method, path, query, body, ageSeconds, extra, secretKey, pick }) => {
    const target = path + query;
    const hasBody = method === "POST" || method === "PUT";
    const tags = [["u", publicUrl + target], ["method", method], ...extra];
    if (hasBody) tags.push(["payload", sha256(body)]);
    return {
      request: { method, target, body: hasBody ? body : null },
      template: { kind: 27235, created_at: nowSeconds - ageSeconds, tags, content: "" },
      secretKey,
      pick,
    };
  });

/** What makes an honest request one that must be refused, and the code it must be refused with. */
export type Mutation = { code: string; apply(honest: Honest): AuthRequest };

/** Signed anew by the same key: the event is valid, what it says is not what is asked. */
export function resigned(
  code: string,
  change: (template: EventTemplate, honest: Honest) => object,
): Mutation {
  return {
    code,
    apply: (honest) => {
      const template = { ...honest.template, ...change(honest.template, honest) };
      return { ...honest.request, authorization: honestHeader({ ...honest, template }) };
    },
  };
}

/** Changed after it was signed. */
export function tampered(
  code: string,
  change: (event: NostrEvent, honest: Honest) => object,
): Mutation {
  return {
    code,
    apply: (honest) => {
      const event = sign(honest.template, honest.secretKey);
      return { ...honest.request, authorization: toHeader({ ...event, ...change(event, honest) }) };
    },
  };
}

/** The right event, sent along with another request. */
export function misused(
  code: string,
  change: (request: Honest["request"], honest: Honest) => object,
): Mutation {
  return {
    code,
    apply: (honest) => ({
      ...honest.request,
      ...change(honest.request, honest),
      authorization: honestHeader(honest),
    }),
  };
}

/** The right event, its header spoilt. */
export function garbled(
  code: string,
  change: (token: string, honest: Honest) => string | null,
): Mutation {
  return {
    code,
    apply: (honest) => ({
      ...honest.request,
      authorization: change(honestHeader(honest).slice("Nostr ".length), honest),
    }),
  };
}
