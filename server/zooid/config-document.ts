import { SAFE_SCHEMA } from "../../machines/names.ts";
import { Refused } from "../errors.ts";
import { parsePublicKey, parseSecretKey } from "../nostr/keys.ts";
import type { VirtualRelay } from "./virtual-relay.ts";

/** The longest texts that are sent to zooid or taken from it, in UTF-16 code units. */
export const MAX_TEXT_LENGTH = { name: 300, description: 10_000, icon: 2_048 } as const;

/**
 * zooid's complete config document of one relay, for POST and PUT. What it leaves out falls back to
 * zooid's defaults, so it leaves out only roles: an entry there would make members and un-ban people
 * at every load. Call {@link assertSafe} first.
 *
 * @see zooid's `Config`, whose JSON and TOML names are the same
 */
export function configDocument(relay: VirtualRelay): object {
  return {
    host: relay.host,
    schema: relay.schema,
    secret: relay.secret,
    inactive: relay.presence !== "live",
    info: {
      name: relay.name,
      icon: relay.icon,
      pubkey: relay.owner,
      description: relay.description,
    },
    policy: { public_join: false, strip_signatures: false },
    groups: { enabled: true },
    // Without NIP-86 neither Berth nor the owner could add, remove or ban anybody.
    management: { enabled: true },
    blossom: { enabled: relay.blossom },
    push: { enabled: false },
    livekit: {
      server_url: relay.livekit?.serverUrl ?? "",
      api_key: relay.livekit?.apiKey ?? "",
      api_secret: relay.livekit?.apiSecret ?? "",
    },
  };
}

const ID = /^r[0-9a-f]{24}$/;
const HEX64 = /^[0-9a-f]{64}$/;
/** RFC 1123 labels in lower case, with the port where clients send one. */
const HOST =
  /^(?=[^:]{1,253}(?::|$))[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*(?::[1-9][0-9]{0,4})?$/;
const CONTROL = /\p{Cc}/u;
const CONTROL_BUT_TAB_AND_NEWLINE = /[^\P{Cc}\t\n]/u;
const PRINTABLE_ASCII = /^[\x21-\x7e]{1,200}$/;

/**
 * Refuses whatever could make zooid panic, load nothing or serve the wrong thing. zooid answers 2xx to
 * many of these, then dies with every tenant on it and dies again after each restart.
 *
 * A relay that is to be `absent` sends only its id and its host; its texts are not looked at, so that
 * nothing keeps it from being deleted.
 *
 * @throws {Refused} `zooid_unsafe_<field>`, the field named as in {@link VirtualRelay}
 */
export function assertSafe(relay: VirtualRelay): void {
  assert("id", ID, relay.id);
  assert("host", HOST, relay.host);
  // What a URL parser takes for an address ("0" is 0.0.0.0) is no name under which a relay is reached.
  if (URL.parse(`http://${relay.host}`)?.host !== relay.host) refuse("host");
  assert("secret", HEX64, relay.secret);
  // zooid's hex decoder takes garbage for some other key on some CPUs, so the scalar is checked here.
  unless("secret", () => parseSecretKey(relay.secret));
  assert("presence", /^(live|inactive|absent)$/, relay.presence);
  if (relay.presence === "absent") return;

  assert("schema", SAFE_SCHEMA, relay.schema);
  assert("owner", HEX64, relay.owner);
  unless("owner", () => parsePublicKey(relay.owner));
  assertText("name", relay.name, MAX_TEXT_LENGTH.name, CONTROL);
  assertText(
    "description",
    relay.description,
    MAX_TEXT_LENGTH.description,
    CONTROL_BUT_TAB_AND_NEWLINE,
  );
  assertText("icon", relay.icon, MAX_TEXT_LENGTH.icon, CONTROL);
  if (typeof relay.blossom !== "boolean") refuse("blossom");
  const { livekit } = relay;
  if (livekit === null) return;
  assert("livekit", PRINTABLE_ASCII, livekit?.serverUrl);
  assert("livekit", /^wss?:\/\//, livekit.serverUrl);
  assert("livekit", PRINTABLE_ASCII, livekit.apiKey);
  assert("livekit", PRINTABLE_ASCII, livekit.apiSecret);
}

/**
 * A text from outside, made fit for {@link assertSafe} and for our own tables: control characters and
 * lone surrogates dropped, cut to its longest length. Whatever is not a string is "".
 */
export function fitText(field: keyof typeof MAX_TEXT_LENGTH, text: unknown): string {
  if (typeof text !== "string") return "";
  const control = field === "description" ? CONTROL_BUT_TAB_AND_NEWLINE : CONTROL;
  return (
    text
      .slice(0, MAX_TEXT_LENGTH[field])
      .replaceAll(new RegExp(control, "gu"), "")
      // Cutting can halve a surrogate pair, so this comes last.
      .replaceAll(/\p{Cs}/gu, "")
  );
}

function assert(field: string, pattern: RegExp, value: unknown): void {
  if (typeof value !== "string" || !pattern.test(value)) refuse(field);
}

function assertText(field: string, text: unknown, maxLength: number, control: RegExp): void {
  if (typeof text !== "string" || text.length > maxLength) refuse(field);
  if (!text.isWellFormed() || control.test(text)) refuse(field);
}

function unless(field: string, check: () => unknown): void {
  try {
    check();
  } catch {
    refuse(field);
  }
}

/** The value itself stays out of the message: it can be a secret, and it is hostile. */
function refuse(field: string): never {
  throw new Refused(`zooid_unsafe_${field}`, `${field} is not safe to send to zooid`);
}
