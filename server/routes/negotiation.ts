/**
 * The weight that a header gives to a value, by the most specific range that names it.
 *
 * @param ranges - what names the value, most specific first, such as `gzip` and then `*`
 * @returns 0 (unacceptable) to 1
 * @see RFC 9110 §12.5.1, §12.5.3
 */
export function weightOf(header: string, ranges: readonly string[]): number {
  const weights = new Map<string, number>();
  for (const part of header.toLowerCase().split(",")) {
    const [range = "", ...parameters] = part.split(";").map((text) => text.trim());
    const q = parameters.find((parameter) => parameter.startsWith("q="));
    const weight = q === undefined ? 1 : Number(q.slice(2));
    weights.set(range, weight >= 0 && weight <= 1 ? weight : 0);
  }
  const named = ranges.find((range) => weights.has(range));
  return named === undefined ? 0 : (weights.get(named) ?? 0);
}

/**
 * Whether an Accept header asks for a page rather than for JSON. Who takes anything, or sends no
 * such header, prefers neither.
 */
export function prefersHtml(accept: string | null): boolean {
  return accept !== null && htmlWeight(accept) > jsonWeight(accept);
}

/** Whether a page may answer: unless JSON is preferred, or HTML not wanted at all. */
export function acceptsHtml(accept: string | null): boolean {
  if (accept === null) return true;
  const html = htmlWeight(accept);
  return html > 0 && html >= jsonWeight(accept);
}

const htmlWeight = (accept: string) => weightOf(accept, ["text/html", "text/*", "*/*"]);
const jsonWeight = (accept: string) =>
  weightOf(accept, ["application/json", "application/*", "*/*"]);
