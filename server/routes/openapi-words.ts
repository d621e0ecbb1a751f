/** The words of the OpenAPI document that no route can say for itself. */

export const INFO = {
  title: "Berth",
  version: "1",
  summary: "Hosting for Nostr community relays.",
  description: `Bodies are JSON. Times are unix seconds, money is whole sats. Every shape and route here is generated from the server that answers you.

Lists answer \`{items, total}\`: \`q\` searches, \`limit\` and \`offset\` page, \`total\` counts all that match.

Whatever is refused is a problem document (RFC 9457, \`application/problem+json\`): \`code\` is stable and made for programs, \`detail\` says what to do, \`errors\` names each field that is wrong. A body has at most 64 KiB.`,
};

export const NIP98 = {
  type: "http",
  scheme: "nostr",
  description: `Your Nostr key is your account (NIP-98). Each request is signed by an event of its own, sent as \`Authorization: Nostr <base64 of the event's JSON>\`.

The event has kind \`27235\`, a \`u\` tag with the exact URL including the query, a \`method\` tag, and, whenever there is a body, a \`payload\` tag: the SHA-256 of its bytes in hex. It is good for 60 seconds, once.

What is wrong with it, the 401 says: \`auth_missing\`, \`auth_malformed\`, \`auth_kind\`, \`auth_expired\`, \`auth_url\`, \`auth_method\`, \`auth_payload\`, \`auth_signature\`, \`auth_replayed\`, or \`auth_before_boot\` (sign again).`,
};

export const TAGS: Record<string, string> = {
  public: "Open to everyone, limited per address.",
  tenant: "Who you are here, and what happens to what is yours, live.",
  relays: "Your relays: order, edit, deactivate, reactivate.",
  community: "The people of your relays: who is in, who waits, who may not, and what happened.",
  invoices: "What you owe, and how to pay it.",
  billing: "What your relays cost, how you pay, and what comes next.",
  operator: "For the operator's keys alone. What changes anything needs a reason, which is kept.",
  sandbox: "The sandbox only: its clock, its faults, its play money.",
};

export const MEANINGS: Record<string, string> = {
  200: "Done.",
  201: "Created.",
  400: "It cannot be read.",
  401: "Not signed, or not rightly.",
  403: "Not allowed.",
  404: "Not there, or not yours.",
  409: "Not possible as things stand.",
  413: "The body is too large.",
  415: "The body is no JSON by its content-type.",
  422: "The input is wrong; `errors` says where.",
  429: "Too many; Retry-After says when again.",
  500: "Our own fault; `id` names it to the operator.",
  502: "What it was passed on to did not take it.",
  503: "Not available now.",
};
