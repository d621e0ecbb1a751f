import { createHash } from "node:crypto";
import type { Event } from "nostr-tools/core";
import { baseUrl, normalizeUrl } from "./base-url.ts";
import type { Config } from "./config.ts";
import { isJsonObject } from "./go-json.ts";
import { isSigned } from "./nip98.ts";
import type { VirtualRelay } from "./virtual-relay.ts";

const MAX_AGE_SECONDS = 30;

/** A call that is refused: HTTP 200 all the same, the message in `error`. */
class CallError extends Error {}

/** Changes the `info` of a relay's config file behind the management API's back. */
type Rewrite = (id: string, info: Partial<Config["info"]>) => void;

type Call = { relay: VirtualRelay; value: string; reason: string; rewrite: Rewrite };

type Method = {
  /** What the first parameter has to be. */
  param?: "pubkey" | "id" | "text";
  run?: (call: Call) => unknown;
};

const METHODS: Record<string, Method> = {
  supportedmethods: { run: () => [...SUPPORTED_METHODS, "onapicall"] },
  listallowedpubkeys: {
    run: ({ relay }) => relay.members.list().map((pubkey) => ({ pubkey, reason: "relay member" })),
  },
  allowpubkey: {
    param: "pubkey",
    run: async ({ relay, value }) => {
      relay.events.unban("pubkey", value);
      await relay.members.changeUnlocked("add", value);
      return true;
    },
  },
  unallowpubkey: {
    param: "pubkey",
    run: async ({ relay, value }) => {
      await relay.members.changeUnlocked("remove", value);
      return true;
    },
  },
  listbannedpubkeys: {
    run: ({ relay }) =>
      relay.events.bans("pubkey").map(({ value, reason }) => ({ pubkey: value, reason })),
  },
  banpubkey: {
    param: "pubkey",
    run: ({ relay, value, reason }) => {
      relay.members.remove(value);
      relay.events.ban("pubkey", value, reason);
      relay.events.removeAuthor(value);
      return true;
    },
  },
  unbanpubkey: {
    param: "pubkey",
    run: ({ relay, value }) => {
      relay.events.unban("pubkey", value);
      return true;
    },
  },
  banevent: {
    param: "id",
    run: ({ relay, value, reason }) => {
      relay.events.remove(value);
      relay.events.ban("event", value, reason);
      return true;
    },
  },
  allowevent: {
    param: "id",
    run: ({ relay, value }) => {
      relay.events.unban("event", value);
      return true;
    },
  },
  changerelayname: changesInfo("name"),
  changerelaydescription: changesInfo("description"),
  changerelayicon: changesInfo("icon"),
  listbannedevents: { run: () => null },
  ...Object.fromEntries(
    [
      ...["listeventsneedingmoderation", "listallowedevents", "allowkind", "disallowkind"],
      ...["listallowedkinds", "listdisallowedkinds", "blockip", "unblockip", "listblockedips"],
      ...["grantadmin", "revokeadmin", "stats"],
    ].map((name) => [name, {}]),
  ),
};

const SUPPORTED_METHODS = Object.keys(METHODS).filter((name) => METHODS[name]?.run !== undefined);

function changesInfo(field: "name" | "description" | "icon"): Method {
  return {
    param: "text",
    run: ({ relay, value, rewrite }) => {
      rewrite(relay.id, { [field]: value });
      return true;
    },
  };
}

/** Answers a NIP-86 call. `listbannedevents` cuts the connection, as it does in zooid. */
export async function answerManagementCall(
  request: Request,
  relay: VirtualRelay,
  rewrite: Rewrite,
): Promise<Response> {
  let reply: { result: unknown } | { error: string };
  try {
    const body = new Uint8Array(await request.arrayBuffer());
    const caller = authenticateCall(request, body);
    const result = await call(relay, caller, body, rewrite);
    // A body that fails before its first byte resets the connection.
    if (result === null) return new Response(new ReadableStream({ start: (c) => c.error() }));
    reply = { result };
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    reply = { error: error.message };
  }
  return new Response(`${JSON.stringify(reply)}\n`, {
    headers: { "Content-Type": "application/nostr+json+rpc" },
  });
}

/** @returns the caller's pubkey. @throws CallError */
function authenticateCall(request: Request, body: Uint8Array): string {
  const header = request.headers.get("authorization") ?? "";
  const token = header.split("Nostr ")[1];
  if (token === undefined) throw new CallError("missing auth");
  const json = Buffer.from(token, "base64");
  if (json.toString("base64") !== token) throw new CallError("invalid base64 auth");
  const event = parseObject(json.toString(), "invalid auth event json");
  if (!isSigned(event)) throw new CallError("invalid auth event");
  const url = tagValue(event, "u");
  if (url === undefined) throw new CallError('missing "u" tag');
  const [expected, got] = [normalizeUrl(baseUrl(request)), normalizeUrl(url)];
  if (got !== expected) {
    throw new CallError(`invalid "u" tag, expected '${expected}', got '${got}'`);
  }
  const payload = createHash("sha256").update(body).digest("hex");
  if (tagValue(event, "payload") !== payload) {
    throw new CallError("invalid auth event payload hash");
  }
  if (event.created_at < Math.floor(Date.now() / 1000) - MAX_AGE_SECONDS) {
    throw new CallError("auth event is too old");
  }
  return event.pubkey;
}

async function call(
  relay: VirtualRelay,
  caller: string,
  body: Uint8Array,
  rewrite: Rewrite,
): Promise<unknown> {
  const request = parseObject(new TextDecoder().decode(body), "invalid json body");
  const name = String(request.method);
  const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  if (method === undefined) throw new CallError(`invalid params: unknown method '${name}'`);
  const params = Array.isArray(request.params) ? request.params : [];
  const value = method.param ? firstParam(name, method.param, params) : "";
  if (!relay.config.management.enabled) {
    if (name === "supportedmethods") return [];
    throw new CallError(`method ${name} not supported`);
  }
  if (!relay.may(caller, "can_manage")) {
    throw new CallError("blocked: only relay admins can manage this relay.");
  }
  if (method.run === undefined) throw new CallError(`method ${name} not supported`);
  return await method.run({ relay, value, reason: String(params[1] ?? ""), rewrite });
}

function firstParam(method: string, kind: "pubkey" | "id" | "text", params: unknown[]): string {
  const [value] = params;
  if (params.length === 0) {
    throw new CallError(`invalid params: invalid number of params for '${method}'`);
  }
  const isFit = typeof value === "string" && (kind === "text" || /^[0-9a-f]{64}$/i.test(value));
  if (!isFit) throw new CallError(`invalid params: invalid ${kind} param for '${method}'`);
  return kind === "text" ? value : value.toLowerCase();
}

function parseObject(text: string, failure: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch {}
  throw new CallError(failure);
}

function tagValue(event: Event, name: string): string | undefined {
  return event.tags.find((tag) => tag[0] === name)?.[1];
}
