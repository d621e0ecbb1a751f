import { toOpenAPISchema } from "@elysiajs/openapi";
import type { AnyElysia } from "elysia";

/** A JSON Schema, as far as our shapes use it. */
export type Schema = {
  $ref?: string;
  type?: string;
  description?: string;
  enum?: string[];
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  default?: unknown;
};
export type Parameter = {
  name: string;
  in: "path" | "query" | "header";
  required: boolean;
  description?: string;
  schema: Schema;
};
type Content = Record<string, { schema: Schema }>;
export type Operation = {
  operationId: string;
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: Parameter[];
  requestBody?: { required: boolean; description?: string; content: Content };
  responses: Record<string, { description: string; content?: Content }>;
  security: Record<string, string[]>[];
};
export type OpenApi = {
  openapi: "3.1.2";
  info: { title: string; version: string; summary: string; description: string };
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; securitySchemes: Record<string, object> };
};

const INFO = {
  title: "Berth",
  version: "1",
  summary: "Hosting for Nostr community relays.",
  description: `Bodies are JSON. Times are unix seconds, money is whole sats. Every shape and route here is generated from the server that answers you.

Lists answer \`{items, total}\`: \`q\` searches, \`limit\` and \`offset\` page, \`total\` counts all that match.

Whatever is refused is a problem document (RFC 9457, \`application/problem+json\`): \`code\` is stable and made for programs, \`detail\` says what to do, \`errors\` names each field that is wrong. Beside what a route lists, any route may answer \`malformed\` (400), \`too_large\` (413, more than 64 KiB), \`not_json\` (415), \`rate_limited\` (429, with Retry-After) and \`internal\` (500, with an \`id\` to quote to the operator).`,
};

const NIP98 = {
  type: "http",
  scheme: "nostr",
  description: `Your Nostr key is your account (NIP-98). Each request is signed by an event of its own, sent as \`Authorization: Nostr <base64 of the event's JSON>\`.

The event has kind \`27235\`, a \`u\` tag with the exact URL including the query, a \`method\` tag, and, whenever there is a body, a \`payload\` tag: the SHA-256 of its bytes in hex. It is good for 60 seconds, once.

What is wrong with it, the 401 says: \`auth_missing\`, \`auth_malformed\`, \`auth_kind\`, \`auth_expired\`, \`auth_url\`, \`auth_method\`, \`auth_payload\`, \`auth_signature\`, \`auth_replayed\`, or \`auth_before_boot\` (sign again).`,
};

const TAGS: Record<string, string> = {
  public: "Open to everyone, limited per address.",
  tenant: "Who you are here, and what happens to what is yours, live.",
  relays: "Your relays: order, edit, deactivate, reactivate.",
  invoices: "What you owe, and how to pay it.",
  sandbox: "The sandbox only: its clock, its faults, its play money.",
};

const GUARDED = /^\/(?:tenant|admin)(?:\/|$)/;

/** OpenAPI 3.1 of all routes around `app`: what the generator makes of them, put into plain words. */
export function openApiDocument(app: AnyElysia): OpenApi {
  const generated = toOpenAPISchema(app);
  const { paths, components } = JSON.parse(JSON.stringify(generated)) as Pick<
    OpenApi,
    "paths" | "components"
  >;
  // In the order of their names: a shape is known before the shapes that hold it.
  const nameOf = new Map<string, string>();
  const schemas: Record<string, Schema> = {};
  for (const [name, schema] of Object.entries(components.schemas)) {
    const plain = tidy(schema, nameOf);
    schemas[name] = plain;
    nameOf.set(JSON.stringify(plain), name);
  }
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.values(methods).map((operation) => ({ path, operation })),
  );
  for (const { path, operation } of operations) {
    operation.security = GUARDED.test(path) ? [{ nip98: [] }] : [];
    for (const parameter of operation.parameters ?? []) {
      parameter.schema = tidy(parameter.schema, nameOf);
      const { description } = parameter.schema;
      if (description) parameter.description = description;
      // Header names are case-insensitive; people know them capitalised.
      if (parameter.in === "header")
        parameter.name = parameter.name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
    }
    const body = operation.requestBody?.content["application/json"];
    if (operation.requestBody && body)
      operation.requestBody.content = { "application/json": { schema: tidy(body.schema, nameOf) } };
    tidyResponses(operation, nameOf);
  }
  const used = new Set(operations.flatMap(({ operation }) => operation.tags ?? []));
  return {
    openapi: "3.1.2",
    info: INFO,
    tags: [...used].map((name) => ({ name, description: TAGS[name] ?? "" })),
    paths,
    components: { schemas, securitySchemes: { nip98: NIP98 } },
  };
}

const MEANINGS: Record<string, string> = {
  200: "Done.",
  201: "Created.",
  401: "Not signed, or not rightly.",
  403: "Not allowed.",
  404: "Not there, or not yours.",
  409: "Not possible as things stand.",
  422: "The input is wrong; `errors` says where.",
  429: "Too many; Retry-After says when again.",
  503: "Not available now.",
};

function tidyResponses(operation: Operation, nameOf: Map<string, string>): void {
  // What declares no shape of success streams.
  operation.responses ??= {};
  if (!Object.keys(operation.responses).some((status) => status.startsWith("2")))
    operation.responses["200"] = {
      description: "A stream of server-sent events.",
      content: { "text/event-stream": { schema: { type: "string" } } },
    };
  for (const [status, response] of Object.entries(operation.responses)) {
    response.description = response.content?.["text/event-stream"]
      ? response.description
      : (MEANINGS[status] ?? response.description);
    const json = response.content?.["application/json"];
    if (!json) continue;
    const type = Number(status) >= 400 ? "application/problem+json" : "application/json";
    response.content = { [type]: { schema: tidy(json.schema, nameOf) } };
  }
}

/**
 * A shape as it stands on the wire: an integer is written as the number it is (the generator also
 * lists the text that a query would carry), and a shape with a name is referred to.
 */
function tidy(schema: Schema, nameOf: Map<string, string>): Schema {
  const plain: Schema = { ...schema };
  const number = plain.anyOf?.find(({ type }) => type === "integer" || type === "number");
  if (number && plain.anyOf?.some(({ type }) => type === "string")) {
    delete plain.anyOf;
    Object.assign(plain, number, { description: plain.description ?? number.description });
    if (plain.description === undefined) delete plain.description;
  }
  if (plain.anyOf) plain.anyOf = plain.anyOf.map((each) => tidy(each, nameOf));
  if (plain.items) plain.items = tidy(plain.items, nameOf);
  if (plain.properties)
    plain.properties = Object.fromEntries(
      Object.entries(plain.properties).map(([key, value]) => [key, tidy(value, nameOf)]),
    );
  const name = nameOf.get(JSON.stringify(plain));
  return name === undefined ? plain : { $ref: `#/components/schemas/${name}` };
}
