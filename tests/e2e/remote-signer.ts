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
export async function startRemoteSigner(relayUrl: string) {
  const own = generateSecretKey();
  const person = generateSecretKey();
  const pubkey = getPublicKey(own);
  const requests: Request[] = [];
  const clients = new Set<string>();
  let secret: string | null = null;
  let mood: Mood = "willing";
  const waiters: { count: number; resolve: () => void }[] = [];
  /** Answers what it was asked last and has left open. */
  let open: () => Promise<void> = async () => {};

  const tell = (client: string, answer: object): Promise<string> => {
    const content = encrypt(JSON.stringify(answer), getConversationKey(own, client));
    const created_at = Math.floor(Date.now() / 1000);
    const tags = [["p", client]];
    return relay.publish(finalizeEvent({ kind: NOSTR_CONNECT, created_at, tags, content }, own));
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

  const listen = async (): Promise<Relay> => {
    const connected = await Relay.connect(relayUrl);
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
    /** Until it has heard so many requests. */
    heard: (count: number): Promise<void> =>
      requests.length >= count
        ? Promise.resolve()
        : new Promise((resolve) => waiters.push({ count, resolve })),
    stop: () => relay.close(),
  };
}
export type RemoteSigner = Awaited<ReturnType<typeof startRemoteSigner>>;
