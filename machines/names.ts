/** What a relay may be called. Rules for the server and for the form alike. */

export const SUBDOMAIN_MIN = 3;
export const SUBDOMAIN_MAX = 46;
export const NAME_MAX = 80;
export const DESCRIPTION_MAX = 1000;

/** Names that could pass for the operator's own, or that mail and web software gives a meaning. */
const RESERVED = new Set(
  `abuse account accounts admin administrator api app apps auth autoconfig autodiscover berth billing
   blog cdn checkout dashboard demo dev dns docs ftp git help hostmaster imap info invoice invoices
   isatap legal livekit localhost login logout mail media metrics mx news nostr ns ns1 ns2 official
   operator pay payments pop postmaster privacy relay relays root sandbox security server signup smtp
   ssl staff staging static status store support sysadmin system team terms test tls wallet webmaster
   webmail wpad www zooid`.split(/\s+/),
);

export type SubdomainProblem =
  | "subdomain_too_short"
  | "subdomain_too_long"
  | "subdomain_malformed"
  | "subdomain_reserved";

const SUBDOMAIN_FIXES: Record<SubdomainProblem, string> = {
  subdomain_too_short: `use at least ${SUBDOMAIN_MIN} characters`,
  subdomain_too_long: `use at most ${SUBDOMAIN_MAX} characters`,
  subdomain_malformed:
    "use lower-case letters, digits and dashes, with no dash at either end and none at places 3 and 4 together",
  subdomain_reserved: "this name is reserved; choose another",
};

/**
 * What is wrong with a subdomain, and the fix in words; null when nothing is.
 * @see RFC 1123 §2.1 (labels); RFC 5891 §4.2.3.1 (no "--" at positions 3 and 4)
 */
export function subdomainProblem(name: string): { code: SubdomainProblem; fix: string } | null {
  const code = problemOf(name);
  return code && { code, fix: SUBDOMAIN_FIXES[code] };
}

function problemOf(name: string): SubdomainProblem | null {
  if (name.length < SUBDOMAIN_MIN) return "subdomain_too_short";
  if (name.length > SUBDOMAIN_MAX) return "subdomain_too_long";
  if (!/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(name)) return "subdomain_malformed";
  if (name.slice(2, 4) === "--") return "subdomain_malformed";
  return RESERVED.has(name) ? "subdomain_reserved" : null;
}

/** Letters that are no accented form of another. */
const PLAIN: Record<string, string> = { ß: "ss", æ: "ae", œ: "oe", ø: "o", đ: "d", ł: "l" };

/**
 * The subdomain that a name suggests: its letters and digits without accents, the rest as dashes.
 * What comes out may still be too short, or no name at all; {@link subdomainProblem} says.
 */
export const suggestedSubdomain = (name: string): string =>
  name
    .normalize("NFKD")
    .replace(/\p{M}+|['’]/gu, "")
    .toLowerCase()
    .replace(/[ßæœøđł]/g, (letter) => PLAIN[letter] ?? "")
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, SUBDOMAIN_MAX)
    .replace(/^-+|-+$/g, "");

const SCHEMA_MAX = 47;

/**
 * The schemas that zooid survives. It makes tables of them, `<schema>__…`: a digit, a dash or a name
 * that SQLite keeps for itself at the beginning ends the whole process, and ends it again at every start.
 *
 * @see https://sqlite.org/lang_createtable.html ("sqlite_" is reserved)
 */
export const SAFE_SCHEMA = /^(?!sqlite)[a-z][a-z0-9_]{0,45}[a-z0-9]$/;

/**
 * The schema that a subdomain asks for: dashes become underscores; a digit or `sqlite` at the beginning
 * gets a letter before it. With `suffix` (lower-case letters and digits) where that one was ever
 * assigned. Fits {@link SAFE_SCHEMA}.
 */
export function schemaFor(subdomain: string, suffix?: string): string {
  const plain = subdomain.replaceAll("-", "_");
  const base = /^(?:[0-9]|sqlite)/i.test(plain) ? `r${plain}` : plain;
  if (suffix === undefined) return base.slice(0, SCHEMA_MAX);
  return `${base.slice(0, SCHEMA_MAX - 1 - suffix.length).replace(/_+$/, "")}_${suffix}`;
}

/**
 * Characters that a name must not hold: controls, line and paragraph separators, marks that reverse
 * the direction of text, byte-order marks, and halves of surrogate pairs. In a form that has no need
 * of the `u` flag, so that one pattern serves schema and form.
 */
const UNSAFE =
  "\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff\\ufff9-\\uffff";
const UNSAFE_TEXT = new RegExp(`[${UNSAFE}]`);

/** Text of others, without what could mislead whoever reads it. */
export const withoutUnsafe = (text: string): string =>
  text.toWellFormed().replace(new RegExp(UNSAFE_TEXT, "g"), "");

/** Whether text may stand in a name (one line) or a description (several). */
export function isSafeText(text: string, options: { lines: boolean }): boolean {
  if (UNSAFE_TEXT.test(text) || !text.isWellFormed()) return false;
  return options.lines || !/[\t\n]/.test(text);
}
