import { finalizeEvent } from "nostr-tools/pure";
import {
  garbled,
  type Honest,
  honestHeader,
  type Mutation,
  misused,
  nowSeconds,
  publicUrl,
  resigned,
  sha256,
  sign,
  tampered,
  toHeader,
} from "./nip98-requests.ts";

const without = (tags: string[][], name: string) => tags.filter((tag) => tag[0] !== name);
const withTag = (tags: string[][], name: string, ...values: string[]) =>
  tags.map((tag) => (tag[0] === name ? [name, ...values] : tag));
const withPayload = (tags: string[][], ...payloads: string[]) => [
  ...without(tags, "payload"),
  ...payloads.map((payload) => ["payload", payload]),
];
const resignedTags = (code: string, change: (tags: string[][], honest: Honest) => string[][]) =>
  resigned(code, (template, honest) => ({ tags: change(template.tags, honest) }));
const resignedUrl = (change: (url: string) => string) =>
  resignedTags("auth_url", (tags) => withTag(tags, "u", change(tags[0]?.[1] ?? "")));
const flipHexDigit = (hex: string, pick: number) => {
  const at = pick % hex.length;
  return (
    hex.slice(0, at) + (Number.parseInt(hex[at] ?? "0", 16) ^ 1).toString(16) + hex.slice(at + 1)
  );
};
const otherMethod = (method: string) => (method === "GET" ? "DELETE" : "GET");
const bodyOrText = (body: Uint8Array | null) => body ?? new TextEncoder().encode("{}");

export const mutations: Record<string, Mutation> = {
  "kind of another event": resigned("auth_kind", (_, { pick }) => ({
    kind: [1, 22242, 24242, 27234][pick % 4],
  })),
  "61 s in the past": resigned("auth_expired", () => ({ created_at: nowSeconds - 61 })),
  "61 s in the future": resigned("auth_expired", () => ({ created_at: nowSeconds + 61 })),
  "long past": resigned("auth_expired", (_, { pick }) => ({
    created_at: nowSeconds - 62 - (pick % 1e9),
  })),
  "far future": resigned("auth_expired", (_, { pick }) => ({ created_at: nowSeconds + 62 + pick })),
  "date in milliseconds": resigned("auth_expired", () => ({ created_at: nowSeconds * 1000 })),

  "URL of another host": resignedUrl((url) => url.replace("berth.example", "berth.example.org")),
  "URL of a subdomain": resignedUrl((url) => url.replace("berth.example", "api.berth.example")),
  "URL with a dot after the host": resignedUrl((url) =>
    url.replace("berth.example", "berth.example."),
  ),
  "URL of another scheme": resignedUrl((url) => url.replace("https:", "http:")),
  "URL of another port": resignedUrl((url) => url.replace("berth.example", "berth.example:8443")),
  "URL with credentials": resignedUrl((url) => url.replace("//", "//user:pass@")),
  "URL with empty credentials": resignedUrl((url) => url.replace("//", "//@")),
  "URL with the host as credentials": resignedUrl((url) =>
    url.replace("berth.example", "berth.example@evil.example"),
  ),
  "URL with a fragment": resignedUrl((url) => `${url}#`),
  "URL with a trailing slash more": resignedUrl((url) => url.replace(/(\?|$)/, "/$1")),
  "URL of another path": resignedUrl((url) => url.replace("/tenant", "/admin")),
  "URL with an encoded path": resignedUrl((url) => url.replace("/tenant", "/%74enant")),
  "URL with another case of path": resignedUrl((url) => url.replace("/tenant", "/Tenant")),
  "URL with slashes doubled": resignedUrl((url) => url.replace("/tenant", "//tenant")),
  "URL with backslashes": resignedUrl((url) => url.replace("/tenant", "\\tenant")),
  "URL with a line break": resignedUrl((url) => url.replace("tenant", "ten\nant")),
  "URL with a tab": resignedUrl((url) => url.replace("tenant", "ten\tant")),
  "URL with a backslash for its last slash": resignedUrl((url) =>
    url.replace(/\/(?=[^/]*$)/, "\\"),
  ),
  "URL with white space at its end": resignedUrl((url) => `${url} `),
  "URL with white space around": resignedUrl((url) => ` ${url} `),
  "URL with a query more": resignedUrl((url) => `${url}${url.includes("?") ? "&" : "?"}limit=100`),
  "URL with an empty query": resignedUrl((url) => (url.includes("?") ? `${url}&` : `${url}?`)),
  "URL with its query changed": resignedUrl((url) => url.replace(/\?.*|$/, "?limit=6")),
  "URL that is relative": resignedUrl((url) => url.slice(publicUrl.length)),
  "URL without a scheme": resignedUrl((url) => url.slice("https:".length)),
  "URL that is empty": resignedUrl(() => ""),
  "URL and target with a fragment": {
    code: "auth_url",
    apply: (honest) => ({
      ...resignedUrl((url) => `${url}#x`).apply(honest),
      target: `${honest.request.target}#x`,
    }),
  },
  "no u tag": resignedTags("auth_url", (tags) => without(tags, "u")),
  "two u tags": resignedTags("auth_malformed", (tags) => [...tags, ["u", "https://evil.example/"]]),
  "the same u tag twice": resignedTags("auth_malformed", (tags) => [...tags, ...tags.slice(0, 1)]),
  "u tag of two values": resignedTags("auth_malformed", (tags) =>
    withTag(tags, "u", tags[0]?.[1] ?? "", "x"),
  ),
  "u tag without value": resignedTags("auth_malformed", (tags) => withTag(tags, "u")),

  "another method": resignedTags("auth_method", (tags, { request }) =>
    withTag(tags, "method", otherMethod(request.method)),
  ),
  "method in a mixed case": resignedTags("auth_method", (tags, { request: { method } }) =>
    withTag(tags, "method", method.slice(0, 1) + method.slice(1).toLowerCase()),
  ),
  "no method tag": resignedTags("auth_method", (tags) => without(tags, "method")),
  "two method tags": resignedTags("auth_malformed", (tags) => [...tags, ["method", "GET"]]),
  "method tag without value": resignedTags("auth_malformed", (tags) => withTag(tags, "method")),

  "payload of another body": resignedTags("auth_payload", (tags, { pick }) =>
    withPayload(tags, sha256(`${pick}`)),
  ),
  "payload in upper case": resignedTags("auth_payload", (tags, { request }) =>
    withPayload(tags, sha256(request.body ?? "").toUpperCase()),
  ),
  "payload cut short": resignedTags("auth_payload", (tags, { request }) =>
    withPayload(tags, sha256(request.body ?? "").slice(0, 62)),
  ),
  "payload that is empty": resignedTags("auth_payload", (tags) => withPayload(tags, "")),
  "two payload tags": resignedTags("auth_malformed", (tags, { request }) =>
    withPayload(tags, sha256(request.body ?? ""), sha256("")),
  ),
  "a body and no payload tag": {
    code: "auth_payload",
    apply: (honest) => {
      const template = { ...honest.template, tags: withPayload(honest.template.tags) };
      const authorization = honestHeader({ ...honest, template });
      return { ...honest.request, body: bodyOrText(honest.request.body), authorization };
    },
  },

  "id changed": tampered("auth_signature", ({ id }, { pick }) => ({ id: flipHexDigit(id, pick) })),
  "signature changed": tampered("auth_signature", ({ sig }, { pick }) => ({
    sig: flipHexDigit(sig, pick),
  })),
  "signature of zeros": tampered("auth_signature", () => ({ sig: "0".repeat(128) })),
  "pubkey changed": tampered("auth_signature", ({ pubkey }, { pick }) => ({
    pubkey: flipHexDigit(pubkey, pick),
  })),
  "another tenant's pubkey": tampered("auth_signature", () => ({
    pubkey: "f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9",
  })),
  "another tenant's pubkey, id recomputed": tampered(
    "auth_signature",
    ({ created_at, kind, tags, content }) => {
      const pubkey = "f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9";
      return { pubkey, id: sha256(JSON.stringify([0, pubkey, created_at, kind, tags, content])) };
    },
  ),
  "date changed": tampered("auth_signature", ({ created_at }) => ({
    created_at: created_at > nowSeconds ? created_at - 1 : created_at + 1,
  })),
  "content changed": tampered("auth_signature", (_, { pick }) => ({ content: `${pick}` })),
  "content changed, id recomputed": tampered(
    "auth_signature",
    ({ pubkey, created_at, kind, tags }) => ({
      content: "x",
      id: sha256(JSON.stringify([0, pubkey, created_at, kind, tags, "x"])),
    }),
  ),
  "a tag added": tampered("auth_signature", ({ tags }) => ({
    tags: [...tags, ["expiration", "0"]],
  })),
  "tags in another order": tampered("auth_signature", ({ tags }) => ({ tags: tags.toReversed() })),
  "URL changed for another request": {
    code: "auth_signature",
    apply: (honest) => {
      const event = sign(honest.template, honest.secretKey);
      const tags = withTag(event.tags, "u", `${publicUrl}/admin/tenants`);
      return {
        ...honest.request,
        target: "/admin/tenants",
        authorization: toHeader({ ...event, tags }),
      };
    },
  },
  "a tampered copy of an object that nostr-tools holds for verified": {
    code: "auth_signature",
    apply: (honest) => {
      const verified = finalizeEvent(honest.template, honest.secretKey);
      const tags = withTag(verified.tags, "u", `${publicUrl}/admin/tenants`);
      return {
        ...honest.request,
        target: "/admin/tenants",
        authorization: toHeader({ ...verified, tags }),
      };
    },
  },

  "sent with another method": misused("auth_method", ({ method }) => ({
    method: otherMethod(method),
  })),
  "sent to another path": misused("auth_url", ({ target }) => ({
    target: target.replace("/tenant", "/tenants"),
  })),
  "sent with a trailing slash more": misused("auth_url", ({ target }) => ({
    target: target.replace(/(\?|$)/, "/$1"),
  })),
  "sent with another query": misused("auth_url", ({ target }) => ({
    target: `${target}${target.includes("?") ? "&" : "?"}x=1`,
  })),
  "sent without its query, or with an empty one": misused("auth_url", ({ target }) => ({
    target: target.includes("?") ? target.replace(/\?.*/, "") : `${target}?`,
  })),
  "sent with a target that continues the host": misused("auth_url", ({ target }) => ({
    target: `.evil.example${target}`,
  })),
  "sent with a body of one byte changed, or one out of nothing": misused(
    "auth_payload",
    ({ body }, { pick }) => {
      const changed = Uint8Array.from(bodyOrText(body));
      changed[pick % changed.length] = (changed[pick % changed.length] ?? 0) ^ 1;
      return { body: changed };
    },
  ),
  "sent with a body of one byte more": misused("auth_payload", ({ body }) => ({
    body: Uint8Array.of(...(body ?? []), 32),
  })),

  "no header": garbled("auth_missing", () => null),
  "an empty header": garbled("auth_missing", () => ""),
  "another scheme": garbled("auth_malformed", (token) => `Bearer ${token}`),
  "no scheme": garbled("auth_malformed", (token) => token),
  "no token": garbled("auth_malformed", () => "Nostr "),
  "two tokens": garbled("auth_malformed", (token) => `Nostr ${token} ${token}`),
  "two headers joined": garbled("auth_malformed", (token) => `Nostr ${token}, Nostr ${token}`),
  "base64 cut short": garbled(
    "auth_malformed",
    (token, { pick }) =>
      `Nostr ${token.slice(0, 1 + (pick % (token.replace(/=+$/, "").length - 2)))}`,
  ),
  "base64 made longer": garbled(
    "auth_malformed",
    (token) => `Nostr ${token.replace(/=+$/, "")}QUFB`,
  ),
  "base64 with padding inside": garbled(
    "auth_malformed",
    (token) => `Nostr ${token.slice(0, 8)}=${token.slice(8)}`,
  ),
  "base64 with too much padding": garbled("auth_malformed", (token) => `Nostr ${token}====`),
  "base64 with a line break": garbled(
    "auth_malformed",
    (token) => `Nostr ${token.slice(0, 76)}\n${token.slice(76)}`,
  ),
  "base64 of the URL alphabet": garbled("auth_malformed", (token) => `Nostr -_${token.slice(2)}`),
  "base64 twice": garbled(
    "auth_malformed",
    (token) => `Nostr ${Buffer.from(token).toString("base64")}`,
  ),
  "base64 with bits left over": {
    code: "auth_malformed",
    apply: (honest) => {
      // Content lengthens the JSON until its base64 ends in two signs of padding.
      for (let content = ""; ; content += "x") {
        const header = honestHeader({ ...honest, template: { ...honest.template, content } });
        const last = header.slice(0, -2).at(-1) ?? "";
        if (!header.endsWith("==")) continue;
        const spoilt = { A: "B", Q: "R", g: "h", w: "x" }[last];
        return { ...honest.request, authorization: `${header.slice(0, -3)}${spoilt}==` };
      }
    },
  },
  "bytes that are not UTF-8": {
    code: "auth_malformed",
    apply: (honest) => {
      // A lenient decoder reads the byte FF as the very character that was signed.
      const event = sign({ ...honest.template, content: "\ufffd" }, honest.secretKey);
      const json = Buffer.from(JSON.stringify(event)).toString("latin1");
      const spoilt = Buffer.from(json.replace("\u00ef\u00bf\u00bd", "\u00ff"), "latin1");
      return { ...honest.request, authorization: `Nostr ${spoilt.toString("base64")}` };
    },
  },
  "more than 8 KB": resigned("auth_malformed", () => ({ content: "x".repeat(6100) })),
  "an array around the event": tampered("auth_malformed", (event) => ({ tags: [event] })),
};

const wrongTypes: unknown[] = [
  null,
  true,
  7,
  -1,
  1.5,
  "7",
  "",
  [],
  {},
  [[1]],
  [["u", 1]],
  [null],
  "Z".repeat(64),
  "A".repeat(64),
  "a".repeat(63),
  "0".repeat(129),
  1e300,
];
/** Any field left out or of a wrong type is a malformed header. */
for (const field of ["id", "pubkey", "created_at", "kind", "tags", "content", "sig"] as const) {
  mutations[`${field} left out`] = tampered("auth_malformed", () => ({ [field]: undefined }));
  mutations[`${field} of a wrong type`] = tampered("auth_malformed", (_, { pick }) => {
    const isRightType = (value: unknown) =>
      (field === "content" && typeof value === "string") ||
      (field === "tags" && Array.isArray(value) && value.length === 0) ||
      ((field === "kind" || field === "created_at") && Number.isSafeInteger(value));
    const wrong = wrongTypes.filter((value) => !isRightType(value));
    return { [field]: wrong[pick % wrong.length] };
  });
}
