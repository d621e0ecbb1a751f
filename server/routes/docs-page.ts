import type { OpenApi, Operation, Parameter } from "./openapi.ts";
import type { Schema } from "./openapi-schema.ts";

/** The parts of the documentation page, as HTML, from the OpenAPI document. */
export function documentationOf(document: OpenApi): Record<string, string> {
  const entries = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const groups = document.tags.map((tag) => ({
    ...tag,
    entries: entries.filter(({ operation }) => operation.tags?.includes(tag.name)),
  }));
  const nip98 = document.components.securitySchemes.nip98 as { description: string };
  const shapes = Object.entries(document.components.schemas);
  return {
    summary: escapeHtml(document.info.summary),
    intro: prose(document.info.description),
    signing: prose(nip98.description),
    contents: groups
      .map(
        ({ name, entries }) =>
          `<h2><a href="#${name}">${name}</a></h2><ul>${entries
            .map(
              ({ path, method, operation }) =>
                `<li><a href="#${operation.operationId}">${methodOf(method)} <code>${broken(path)}</code></a></li>`,
            )
            .join("")}</ul>`,
      )
      .join(""),
    operations: groups
      .map(
        ({ name, description, entries }) =>
          `<section aria-labelledby="${name}"><h2 id="${name}">${name}</h2>${prose(description)}${entries
            .map(({ path, method, operation }) => operationOf(path, method, operation))
            .join("")}</section>`,
      )
      .join(""),
    shapes: shapes
      .map(
        ([name, schema]) =>
          `<article><h3 id="shape-${name}">${name}</h3>${schema.description ? prose(schema.description) : ""}${fieldsOf(schema)}</article>`,
      )
      .join(""),
  };
}

function operationOf(path: string, method: string, operation: Operation): string {
  const { operationId, summary = "", description, parameters, requestBody } = operation;
  const body = requestBody?.content["application/json"]?.schema;
  const isSigned = operation.security.length > 0;
  return `<article>
<h3 id="${operationId}">${methodOf(method)} <code>${broken(path)}</code></h3>
<p class="summary">${escapeHtml(summary)}${isSigned ? ' <a class="signed" href="#signing">signed</a>' : ""}</p>
${description ? prose(description) : ""}
${(["path", "query", "header"] as const).map((place) => parametersOf(place, parameters)).join("")}
${body ? `<h4>Body</h4>${shapeOf(body)}` : ""}
<h4>Answers</h4>
<dl class="fields answers">${Object.entries(operation.responses).map(responseOf).join("")}</dl>
</article>`;
}

const PLACES = { path: "In the path", query: "In the query", header: "Headers" };

function parametersOf(place: Parameter["in"], all: Parameter[]): string {
  const parameters = all.filter((parameter) => parameter.in === place);
  if (parameters.length === 0) return "";
  const rows = parameters.map(({ name, required, schema, description = "" }) =>
    rowOf(name, { description, ...schema }, required),
  );
  return `<h4>${PLACES[place]}</h4><dl class="fields">${rows.join("")}</dl>`;
}

function responseOf([status, response]: [string, Operation["responses"][string]]): string {
  const [[type, content] = []] = Object.entries(response.content ?? {});
  const isRefusal = Number(status) >= 400;
  // The shape of a refusal is always the same, and said in its own place.
  const shape =
    isRefusal || !content ? "" : type === "application/json" ? typeOf(content.schema) : type;
  const inside = content && !isRefusal ? fieldsOf(content.schema) : "";
  return `<div><dt><b class="${isRefusal ? "refusal" : "success"}">${status}</b></dt><dd>${inlineOf(response.description)} ${shape}${inside}</dd></div>`;
}

const shapeOf = (schema: Schema): string =>
  schema.properties ? fieldsOf(schema) : `<p>${typeOf(schema)}</p>`;

function fieldsOf(schema: Schema): string {
  const { properties = {}, required = [] } = schema;
  const rows = Object.entries(properties).map(([name, field]) =>
    rowOf(name, field, required.includes(name)),
  );
  return rows.length === 0 ? "" : `<dl class="fields">${rows.join("")}</dl>`;
}

function rowOf(name: string, schema: Schema, isRequired: boolean): string {
  const nested = [schema, ...(schema.anyOf ?? []), ...(schema.items ? [schema.items] : [])].find(
    ({ properties }) => properties,
  );
  // Where the values are listed, words that list them say nothing more.
  const description = schema.enum ? "" : (schema.description ?? nested?.description);
  const words = [description, boundsOf(schema)].filter(Boolean);
  return `<div><dt><code>${broken(name)}</code> <span>${typeOf(schema)}${isRequired ? "" : ", optional"}</span></dt><dd>${words.map((text) => inlineOf(String(text))).join("; ")}${nested ? fieldsOf(nested) : ""}</dd></div>`;
}

/** What may stand there, in a few words, with a link where the shape has a name. */
function typeOf(schema: Schema): string {
  const name = schema.$ref?.split("/").at(-1);
  if (name) return `<a href="#shape-${name}">${name}</a>`;
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" or ");
  if (schema.enum)
    return schema.enum.map((value) => `<code>${escapeHtml(`${value}`)}</code>`).join(" ");
  const types = [schema.type ?? "anything"].flat();
  return types
    .map((type) => (type === "array" && schema.items ? `list of ${typeOf(schema.items)}` : type))
    .join(" or ");
}

function boundsOf({ minimum, maximum, maxLength, description }: Schema): string {
  // Where words say what is wanted, they say how much it may be.
  if (description) return "";
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  return maxLength === undefined ? "" : `at most ${maxLength} characters`;
}

const methodOf = (method: string): string =>
  `<span class="method" data-method="${method}">${method.toUpperCase()}</span>`;

/** Long paths and names may break after their separators. */
const broken = (text: string): string => escapeHtml(text).replace(/[/_-]/g, "$&<wbr>");

/** Paragraphs, with `code` in backticks. */
const prose = (text: string): string =>
  text
    .split("\n\n")
    .map((paragraph) => `<p>${inlineOf(paragraph)}</p>`)
    .join("");

const inlineOf = (text: string): string =>
  escapeHtml(text).replace(/`([^`]+)`/g, "<code>$1</code>");

const escapeHtml = (text: string): string => Bun.escapeHTML(text);
