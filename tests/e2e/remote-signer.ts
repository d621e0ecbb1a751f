import { decrypt, encrypt, getConversationKey } from "nostr-tools/nip44";
import {
  type Event,
  type EventTemplate,
  finalizeEvent,
  generateSecretKey,
  getPublicKey,
} from "nostr-tools/pure";
import { Relay } from "nostr-tools/relay";

const NOSTR_CONNECT = 24_133;

type Request = { id: string; method: string; params: string[] };

/** How it takes a request: answers, signs something else, says nothing, or sends to a page first. */
export type Mood = "willing" | "forging" | "silent" | { challenges: string };

/**
 * A signer as people have on their phone: it speaks NIP-46 over a relay, under a key of its own, and
 * signs with another, which is the person's.
 */
export async function startRemoteSigner(
  relayUrl: string,
  { behindSeconds = 0 }: { behindSeconds?: number } = {},
) {
  const own = generateSecretKey();
  const person = generateSecretKey();
  const pubkey = getPublicKey(own);
  const requests: Request[] = [];
  const clients = new Set<string>();
  let secret: string | null = null;
  let mood: Mood = "willing";
  /** Where it says that it is met from now on; null where it never moved. */
  let movesTo: string[] | null = null;
  let next: Relay | null = null;
  const waiters: { count: number; resolve: () => void }[] = [];
  /** Answers what it was asked last and has left open. */
  let open: () => Promise<void> = async () => {};

  const tell = (client: string, answer: object): Promise<string> => {
    const content = encrypt(JSON.stringify(answer), getConversationKey(own, client));
    const created_at = Math.floor(Date.now() / 1000) - behindSeconds;
    const tags = [["p", client]];
    const event = finalizeEvent({ kind: NOSTR_CONNECT, created_at, tags, content }, own);
    return Promise.any([relay, ...(next ? [next] : [])].map((one) => one.publish(event)));
  };

  const perform = (client: string, { method, params }: Request): string => {
    if (method === "connect") {
      if (params[0] !== pubkey || (secret !== null && params[1] !== secret))
        throw new Error("invalid secret");
      secret = "it was good for once";
      clients.add(client);
      return "ack";
    }
    if (!clients.has(client)) throw new Error("who are you");
    if (method === "switch_relays") return JSON.stringify(movesTo);
    if (method === "get_public_key") return getPublicKey(person);
    if (method === "sign_event") {
      const asked = JSON.parse(params[0] ?? "") as EventTemplate;
      const content = mood === "forging" ? "I owe you all my sats" : asked.content;
      return JSON.stringify(finalizeEvent({ ...asked, content }, person));
    }
    throw new Error(`no method ${method}`);
  };

  const answer = async (client: string, request: Request): Promise<void> => {
    const { id } = request;
    try {
      await tell(client, { id, result: perform(client, request) });
    } catch (error) {
      await tell(client, { id, result: "", error: (error as Error).message });
    }
  };

  const hear = async (event: Event): Promise<void> => {
    const client = event.pubkey;
    const request = JSON.parse(decrypt(event.content, getConversationKey(own, client))) as Request;
    requests.push(request);
    for (const { count, resolve } of waiters) if (requests.length >= count) resolve();
    const { id } = request;
    if (mood === "willing" || mood === "forging") return answer(client, request);
    open = () => answer(client, request);
    if (mood === "silent") return;
    await tell(client, { id, result: "auth_url", error: mood.challenges });
  };

  const listen = async (url = relayUrl): Promise<Relay> => {
    const connected = await Relay.connect(url);
    connected.subscribe([{ kinds: [NOSTR_CONNECT], "#p": [pubkey] }], {
      onevent: (event) => {
        // Whoever asked finds the relay again, or gives up.
        hear(event).catch(() => {});
      },
    });
    return connected;
  };
  let relay = await listen();

  return {
    /** Of the person whose key it holds. */
    pubkey: getPublicKey(person),
    requests,
    feel(next: Mood): void {
      mood = next;
    },
    /** Its address, good for one connection. */
    address(): string {
      secret = crypto.randomUUID();
      return `bunker://${pubkey}?relay=${encodeURIComponent(relayUrl)}&secret=${secret}`;
    },
    /** Opens what a page offers, as by scanning its code. */
    async scan(uri: string, options: { secret?: string } = {}): Promise<void> {
      const { host, searchParams } = new URL(uri);
      clients.add(host);
      const result = options.secret ?? searchParams.get("secret");
      await tell(host, { id: crypto.randomUUID(), result, error: null });
    },
    /** The person approves what was left open. */
    approve: (): Promise<void> => open(),
    /** Finds its relay again. */
    async reconnect(): Promise<void> {
      relay = await listen();
    },
    /** Is met at another relay from now on, says so to who asks, and is here until it leaves. */
    async move(to: string): Promise<() => void> {
      movesTo = [to];
      next = await listen(to);
      return () => relay.close();
    },
    /** As a domain gives it (NIP-05). */
    profile: (name: string) => ({ names: { [name]: pubkey }, nip46: { [pubkey]: [relayUrl] } }),
    /** Until it has heard so many requests. */
    heard: (count: number): Promise<void> =>
      requests.length >= count
        ? Promise.resolve()
        : new Promise((resolve) => waiters.push({ count, resolve })),
    stop: () => {
      relay.close();
      next?.close();
    },
  };
}
export type RemoteSigner = Awaited<ReturnType<typeof startRemoteSigner>>;
