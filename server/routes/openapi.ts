import { toOpenAPISchema } from "@elysiajs/openapi";
import type { AnyElysia } from "elysia";
import { isGuarded } from "../http/edge.ts";
import { codesIn, refusalsBefore } from "./openapi-refusals.ts";
import { type Schema, tidy } from "./openapi-schema.ts";
import { INFO, MEANINGS, NIP98, TAGS } from "./openapi-words.ts";

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
  parameters: Parameter[];
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

const PROBLEM = {
  "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
};

/** OpenAPI 3.1 of all routes of `app`: what the generator makes of them, put into plain words. */
export function openApiDocument(app: AnyElysia): OpenApi {
  const { paths, components } = inJson(toOpenAPISchema(app)) as Pick<
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
  const used = new Set<string>();
  for (const route of app.routes) {
    const { method, path, hooks } = route;
    const operation = paths[path.replace(/:([^/]+)/g, "{$1}")]?.[method.toLowerCase()];
    if (!operation) continue;
    for (const tag of operation.tags ?? []) used.add(tag);
    operation.security = isGuarded(path) ? [{ nip98: [] }] : [];
    operation.parameters = (operation.parameters ?? []).map((each) => parameterOf(each, nameOf));
    // The generator leaves out every body, since we parse bodies ourselves.
    const body = hooks.body && tidy(inJson(hooks.body) as Schema, nameOf);
    if (body)
      operation.requestBody = { required: true, content: { "application/json": { schema: body } } };
    operation.responses = responsesOf(operation, refusalsBefore(route), nameOf);
  }
  return {
    openapi: "3.1.2",
    info: INFO,
    tags: [...used].map((name) => ({ name, description: TAGS[name] ?? "" })),
    paths,
    components: { schemas, securitySchemes: { nip98: NIP98 } },
  };
}

/** Schemas carry symbols that are not for the outside. */
const inJson = (value: object): unknown => JSON.parse(JSON.stringify(value));

function parameterOf(parameter: Parameter, nameOf: Map<string, string>): Parameter {
  const { description, ...schema } = tidy(parameter.schema, nameOf);
  // Names of headers are case-insensitive; people know them capitalised.
  const name =
    parameter.in === "header"
      ? parameter.name.replace(/\b(?:id$|[a-z])/g, (letters) => letters.toUpperCase())
      : parameter.name;
  return { ...parameter, name, schema, ...(description ? { description } : {}) };
}

/** @param before - the codes of what is refused before the route runs, by status */
function responsesOf(
  operation: Operation,
  before: Record<string, string[]>,
  nameOf: Map<string, string>,
): Operation["responses"] {
  const declared = Object.entries(operation.responses ?? {});
  const refused = new Map(Object.entries(before));
  const responses: Operation["responses"] = {};
  for (const [status, response] of declared) {
    const schema = response.content?.["application/json"]?.schema;
    if (Number(status) >= 400) {
      const codes = [...codesIn(schema?.description), ...(refused.get(status) ?? [])];
      refused.set(status, [...new Set(codes)]);
    } else responses[status] = answerOf(response, status, nameOf);
  }
  for (const [status, codes] of refused) {
    const words = [MEANINGS[status] ?? "", codes.map((code) => `\`${code}\``).join(", ")];
    responses[status] = { description: words.join(" ").trim(), content: PROBLEM };
  }
  if (declared.some(([status]) => status.startsWith("2"))) return responses;
  // Refusals and no shape of success: it streams.
  const success =
    declared.length === 0
      ? { description: MEANINGS[200] ?? "" }
      : {
          description: "A stream of server-sent events.",
          content: { "text/event-stream": { schema: { type: "string" } } },
        };
  return { 200: success, ...responses };
}

function answerOf(
  { description, content }: Operation["responses"][string],
  status: string,
  nameOf: Map<string, string>,
): Operation["responses"][string] {
  const meaning = MEANINGS[status] ?? description;
  // The generator takes bytes for plain text.
  const bytes = content?.["text/plain"]?.schema;
  if (bytes?.contentMediaType)
    return { description: meaning, content: { [bytes.contentMediaType]: { schema: bytes } } };
  const schema = content?.["application/json"]?.schema;
  if (!schema) return { description: meaning };
  return {
    description: meaning,
    content: { "application/json": { schema: tidy(schema, nameOf) } },
  };
}
