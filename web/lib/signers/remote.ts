/**
 * A signer on another device or server, reached through relays. The key it knows us by is ours alone
 * and is kept, sealed, with its address; so a reload needs no new approval.
 * @see NIP-46
 */
import { BunkerSigner, createNostrConnectURI } from "nostr-tools/nip46";
import { generateSecretKey, getPublicKey, verifyEvent } from "nostr-tools/pure";
import { bytesToHex, hexToBytes } from "nostr-tools/utils";
import { connectRelays } from "../page/settings.ts";
import { setAsked } from "./asked.ts";
import { findBunker, usableRelays } from "./bunker.ts";
import { type Hooks, Way } from "./remote-way.ts";
import {
  type EventTemplate,
  type Opened,
  type SignedEvent,
  type Signer,
  SignerProblem,
} from "./signer.ts";

/**
 * What we ask a signer to sign without asking the person each time: requests to us (NIP-98). A profile
 * or a list of relays is rare, and worth a look.
 */
const PERMISSIONS = ["sign_event:27235"];

/** 80 bits, in hex: each character makes the code denser. */
const SECRET_LENGTH = 20;

/** One that has no answer to it must not hold up the login. */
const MOVE_PATIENCE_MS = 3_000;

/** What opens a remote signer again. */
type Kept = { clientKey: string; signer: string; relays: string[] };

const metadata = () => ({ name: "Berth", url: location.origin });

/**
 * Connects by an address that a signer gave.
 *
 * @param address - `bunker://…`, or `name@domain`
 * @throws SignerProblem
 */
export async function joinBunker(
  address: string,
  hooks: Hooks,
  signal: AbortSignal,
): Promise<Opened> {
  const pointer = await findBunker(address, signal);
  const clientKey = generateSecretKey();
  const way = new Way(clientKey);
  const unwatch = way.watch(hooks);
  const bunker = BunkerSigner.fromBunker(clientKey, pointer, way.params);
  const { pubkey, secret } = pointer;
  const asked = [pubkey, secret ?? "", PERMISSIONS.join(","), JSON.stringify(metadata())];
  const opened = await open(way, bunker, clientKey, signal, () =>
    // It echoes the secret or says `ack`; who refuses says so by an error.
    way.ask(bunker, "connect", asked, signal),
  );
  unwatch();
  return opened;
}

/** Ourselves, offered to any signer that is shown the `nostrconnect://` URI; good for one login. */
export type Offer = { clientKey: Uint8Array; uri: string };

/** @throws SignerProblem where there is no relay on which a signer could answer */
export function makeOffer(): Offer {
  if (connectRelays.length === 0)
    throw new SignerProblem(
      "absent",
      "This Berth knows no relay on which your signer could answer. Choose another way.",
    );
  const clientKey = generateSecretKey();
  const uri = createNostrConnectURI({
    clientPubkey: getPublicKey(clientKey),
    relays: [...connectRelays],
    secret: bytesToHex(generateSecretKey()).slice(0, SECRET_LENGTH),
    perms: PERMISSIONS,
    ...metadata(),
  });
  return { clientKey, uri };
}

/**
 * Waits for a signer that was shown an offer. Only one that repeats its secret is taken.
 *
 * @param hooks.onMet - a signer has answered, and is asked who it signs as
 * @throws SignerProblem
 */
export async function awaitSigner(
  { clientKey, uri }: Offer,
  hooks: Hooks & { onMet(): void },
  signal: AbortSignal,
): Promise<Opened> {
  const way = new Way(clientKey);
  const unwatch = way.watch(hooks);
  try {
    const bunker = await BunkerSigner.fromURI(clientKey, uri, way.params, signal);
    hooks.onMet();
    const opened = await open(way, bunker, clientKey, signal, async () => {});
    unwatch();
    return opened;
  } catch (error) {
    way.pool.destroy();
    throw error;
  }
}

/**
 * @param secret - as it was kept. @param keep - what opens it from now on: it has moved to other relays
 * @throws when it was none of ours
 */
export function reopenRemote(
  pubkey: string,
  secret: string,
  keep: (secret: string) => void,
): Signer {
  const { clientKey, signer, relays } = JSON.parse(secret) as Kept;
  const key = hexToBytes(clientKey);
  const way = new Way(key);
  const bunker = BunkerSigner.fromBunker(key, pointerOf(signer, relays), way.params);
  return signerOf(pubkey, way, bunker, async (present) => {
    const moved = await followed(way, present, key);
    if (moved !== present) keep(keptOf(key, moved));
    return moved;
  });
}

/** Its own secret was good for once; it knows our key then. */
const pointerOf = (pubkey: string, relays: string[]) => ({ pubkey, relays, secret: null });
const keptOf = (clientKey: Uint8Array, { bp }: BunkerSigner): string =>
  JSON.stringify({
    clientKey: bytesToHex(clientKey),
    signer: bp.pubkey,
    relays: bp.relays,
  } satisfies Kept);

/**
 * A signer may move to other relays, and leave those where we met it: so it is asked, and met there.
 * What does not know the question is silent or refuses, and stays where it is.
 */
async function followed(
  way: Way,
  bunker: BunkerSigner,
  clientKey: Uint8Array,
): Promise<BunkerSigner> {
  try {
    const patience = AbortSignal.timeout(MOVE_PATIENCE_MS);
    const said: unknown = JSON.parse(await way.ask(bunker, "switch_relays", [], patience));
    const relays = Array.isArray(said) ? usableRelays(said.map(String)) : [];
    const isSame = [...relays].sort().join() === [...bunker.bp.relays].sort().join();
    if (relays.length === 0 || isSame) return bunker;
    const moved = BunkerSigner.fromBunker(
      clientKey,
      pointerOf(bunker.bp.pubkey, relays),
      way.params,
    );
    void bunker.close();
    return moved;
  } catch {
    return bunker;
  }
}

/** Asks who it signs as; whatever goes wrong closes it. */
async function open(
  way: Way,
  bunker: BunkerSigner,
  clientKey: Uint8Array,
  signal: AbortSignal,
  first: () => Promise<unknown>,
): Promise<Opened> {
  try {
    await first();
    const pubkey = await way.ask(bunker, "get_public_key", [], signal);
    if (!/^[0-9a-f]{64}$/.test(pubkey))
      throw new SignerProblem("malformed", "Your signer did not say who it signs as. Try again.");
    const present = await followed(way, bunker, clientKey);
    const stays = async (same: BunkerSigner) => same;
    return {
      signer: signerOf(pubkey, way, present, stays),
      secret: keptOf(clientKey, present),
    };
  } catch (error) {
    way.close(bunker);
    throw error;
  }
}

/** @param afterFirst - once it has signed something: where it is met from then on */
function signerOf(
  pubkey: string,
  way: Way,
  first: BunkerSigner,
  afterFirst: (present: BunkerSigner) => Promise<BunkerSigner>,
): Signer {
  let bunker = first;
  let isAsked = false;
  let isClosed = false;
  way.watch({ onLink() {}, onChallenge: (url) => setAsked({ by: "remote", url }) });
  const askWhereItIs = async (): Promise<void> => {
    if (isAsked) return;
    isAsked = true;
    const present = await afterFirst(bunker);
    if (isClosed) void present.close();
    else bunker = present;
  };
  return {
    method: "remote",
    pubkey,
    async sign(template) {
      setAsked({ by: "remote", url: null });
      try {
        const answer = await way.ask(bunker, "sign_event", [JSON.stringify(template)], null);
        const event = checked(answer, template, pubkey);
        void askWhereItIs();
        return event;
      } finally {
        setAsked(null);
      }
    },
    close() {
      isClosed = true;
      way.close(bunker);
    },
  };
}

/** A signer may sign what it likes; we take what we asked for. @throws SignerProblem */
function checked(answer: string, template: EventTemplate, pubkey: string): SignedEvent {
  // Parsed, not spread: nostr-tools marks what it has verified, and a copy bears the mark.
  const event = parsed(answer);
  if (event?.pubkey !== undefined && event.pubkey !== pubkey)
    throw new SignerProblem(
      "other_key",
      "Your signer now signs with another key. Log out and in again to change.",
    );
  const isAsked =
    event?.kind === template.kind &&
    event.content === template.content &&
    event.created_at === template.created_at &&
    JSON.stringify(event.tags) === JSON.stringify(template.tags);
  if (!event || !isAsked || !verifyEvent(event))
    throw new SignerProblem(
      "other_event",
      "Your signer signed something else than it was asked to. Nothing was changed.",
    );
  return event;
}

function parsed(answer: string): SignedEvent | null {
  try {
    return JSON.parse(answer) as SignedEvent | null;
  } catch {
    return null;
  }
}
