/** Parses JSON and fails with the words of Go's encoding/json. @throws SyntaxError */
export function parseGoJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const start = text.trimStart();
    if (start === "" || /EOF|Expected '}'|Unterminated/.test(String(error))) {
      throw new SyntaxError("unexpected end of JSON input");
    }
    // Go names the offending character; this parser does not tell it, so the first one stands in.
    throw new SyntaxError(`invalid character '${start[0]}' looking for beginning of value`);
  }
}

/** What Go calls the kind of a JSON value in "cannot unmarshal <kind> into …". */
export function goKind(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

/** True for a JSON object: neither null nor an array. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
