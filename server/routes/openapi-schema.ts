/** A JSON Schema, as far as our shapes use it. */
export type Schema = {
  $id?: string;
  $ref?: string;
  type?: string | string[];
  description?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  /** Of bytes that are not JSON. */
  contentMediaType?: string;
};

/**
 * A shape in the fewest words: constants side by side are an enum, and a shape that has a name is
 * referred to.
 *
 * @param nameOf - names by shape, in JSON as this function returns them
 */
export function tidy(schema: Schema, nameOf: ReadonlyMap<string, string>): Schema {
  const { $id: _, anyOf, ...plain } = schema;
  if (anyOf?.every((each) => "const" in each || each.type === "null")) {
    plain.enum = anyOf.map((each) => each.const ?? null);
    plain.type = [...new Set(anyOf.flatMap(({ type }) => type ?? []))];
    if (plain.type.length === 1) plain.type = plain.type[0] ?? "string";
  } else if (anyOf) Object.assign(plain, { anyOf: anyOf.map((each) => tidy(each, nameOf)) });
  if (plain.items) plain.items = tidy(plain.items, nameOf);
  if (plain.properties)
    plain.properties = Object.fromEntries(
      Object.entries(plain.properties).map(([key, value]) => [key, tidy(value, nameOf)]),
    );
  const name = nameOf.get(JSON.stringify(plain));
  return name === undefined ? plain : { $ref: `#/components/schemas/${name}` };
}
