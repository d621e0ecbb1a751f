import { type Config, decodeConfig, InvalidConfig, mergePatch, validateConfig } from "./config.ts";
import type { ConfigDirectory } from "./config-directory.ts";
import { goKind, isJsonObject, parseGoJson } from "./go-json.ts";
import { authenticate, Unauthorized } from "./nip98.ts";

const MAX_BODY_BYTES = 1_048_576;

/** A management request that was answered; `at` is epoch ms, `id` "" where the path names no relay. */
export type ManagementRequest = { method: string; id: string; status: number; at: number };

type Management = {
  directory: ConfigDirectory;
  /** Hex pubkeys, compared as they are. */
  whitelist: string[];
  /** Told after a config file was written or removed. */
  changed: (id: string) => void;
  answered: (request: ManagementRequest) => void;
  /** Waits for what a write costs: zooid parses every file for each. */
  pay: () => Promise<void>;
};

class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Answers one request to zooid's management API. A 2xx means "file written", not "relay live". */
export async function manage(request: Request, management: Management): Promise<Response> {
  const path = decodePath(request.url);
  if (path === null) return new Response("400 Bad Request", { status: 400 });
  let answer: { status: number; body: Record<string, string> };
  try {
    const pubkey = authenticate(request, path);
    if (!management.whitelist.includes(pubkey)) throw new Refusal(403, "pubkey not in whitelist");
    const id = relayIdIn(path);
    // All that follows the body runs in one go: of simultaneous creations of one id, one succeeds.
    const body = new Uint8Array(await request.arrayBuffer());
    const isWrite = (request.method === "POST") !== management.directory.has(id);
    if (isWrite) await management.pay();
    const [status, message] = apply(request.method, id, body, management);
    answer = { status, body: { message } };
  } catch (error) {
    answer = { status: statusOf(error), body: { error: (error as Error).message } };
  }
  const id = path.split("/")[2] ?? "";
  management.answered({ method: request.method, id, status: answer.status, at: Date.now() });
  return new Response(`${JSON.stringify(answer.body)}\n`, {
    status: answer.status,
    headers: { "Content-Type": "application/json" },
  });
}

function statusOf(error: unknown): number {
  if (error instanceof Refusal) return error.status;
  if (error instanceof Unauthorized) return 401;
  if (error instanceof InvalidConfig) return 400;
  return 500;
}

function decodePath(url: string): string | null {
  try {
    return decodeURIComponent(new URL(url).pathname);
  } catch {
    return null;
  }
}

/** The second segment of the path; further ones are ignored. */
function relayIdIn(path: string): string {
  const [, collection, id] = path.split("/");
  if (collection !== "relay" || id === undefined) throw new Refusal(404, "not found");
  if (id === "") throw new Refusal(400, "relay id is required");
  return id;
}

function apply(
  method: string,
  id: string,
  body: Uint8Array,
  { directory, changed }: Management,
): [status: number, message: string] {
  if (!["POST", "PUT", "PATCH", "DELETE"].includes(method)) {
    throw new Refusal(405, "method not allowed");
  }
  const exists = directory.has(id);
  if (method === "POST" && exists) throw new Refusal(409, "relay with this id already exists");
  if (method !== "POST" && !exists) throw new Refusal(404, "relay not found");
  if (method === "DELETE") {
    directory.remove(id);
    changed(id);
    return [200, "relay deleted successfully"];
  }
  const config = method === "PATCH" ? patched(id, body, directory) : complete(body);
  validateConfig(config);
  refuseConflict(id, config, directory);
  try {
    directory.write(id, config);
  } catch (error) {
    throw new Refusal(500, `failed to write config: ${(error as Error).message}`);
  }
  changed(id);
  if (method === "POST") return [201, "relay created successfully"];
  return [200, method === "PUT" ? "relay updated successfully" : "relay patched successfully"];
}

function complete(body: Uint8Array): Config {
  const text = textOf(body);
  try {
    return decodeConfig(parseGoJson(text));
  } catch (error) {
    throw new Refusal(400, `invalid json config: ${(error as Error).message}`);
  }
}

function patched(id: string, body: Uint8Array, directory: ConfigDirectory): Config {
  let current: Config | null;
  try {
    current = directory.read(id);
  } catch (error) {
    throw new Refusal(500, `failed to read existing config: ${(error as Error).message}`);
  }
  return decodeConfig(mergePatch(current, parsePatch(textOf(body))));
}

function parsePatch(text: string): Record<string, unknown> {
  let patch: unknown;
  try {
    patch = parseGoJson(text);
  } catch (error) {
    throw new Refusal(400, `invalid json: ${(error as Error).message}`);
  }
  if (patch === null) return {};
  if (isJsonObject(patch)) return patch;
  const target = "Go value of type map[string]interface {}";
  throw new Refusal(400, `invalid json: json: cannot unmarshal ${goKind(patch)} into ${target}`);
}

function textOf(body: Uint8Array): string {
  if (body.length > MAX_BODY_BYTES) {
    throw new Refusal(400, "failed to read body: http: request body too large");
  }
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(body);
}

function refuseConflict(id: string, config: Config, directory: ConfigDirectory): void {
  let conflict: string | null;
  try {
    conflict = directory.conflict(id, config);
  } catch (error) {
    throw new Refusal(409, `failed to read config directory: ${(error as Error).message}`);
  }
  if (conflict !== null) throw new Refusal(409, conflict);
}
