import type { Event } from "nostr-tools/core";
import * as nip44 from "nostr-tools/nip44";
import { finalizeEvent, generateSecretKey, getPublicKey } from "nostr-tools/pure";
import { Relay } from "nostr-tools/relay";
import { bytesToHex } from "nostr-tools/utils";
import { nwcUrl } from "../../server/sandbox/nip47.ts";

type Request = { method: string; params: Record<string, unknown> };

/** Sent as `{result}`, as `{error}`, as any text sealed, as text that is not even sealed, or not at all. */
export type Reply =
  | { result: unknown }
  | { error: { code: string; message: string } }
  | { sealed: string }
  | { unsealed: string }
  | null;

export type ScriptedWallet = {
  nwcUrl: string;
  pubkey: string;
  requests: Request[];
  /** What it answers from now on. */
  answer(script: (request: Request) => Reply): void;
  /** Sends a kind 23197 with any content. */
  notify(content: unknown): Promise<void>;
  stop(): void;
};

/** A NIP-47 wallet service that answers what a test tells it to, over a real relay. */
export async function startScriptedWallet(
  relayUrl: string,
  encryptions = "nip44_v2",
): Promise<ScriptedWallet> {
  const secretKey = generateSecretKey();
  const clientKey = generateSecretKey();
  const pubkey = getPublicKey(secretKey);
  const client = getPublicKey(clientKey);
  const conversationKey = nip44.getConversationKey(secretKey, client);
  const requests: Request[] = [];
  let script: (request: Request) => Reply = () => null;

  const relay = await Relay.connect(relayUrl);
  const publish = async (kind: number, tags: string[][], content: string): Promise<void> => {
    const created_at = Math.floor(Date.now() / 1_000);
    await relay.publish(finalizeEvent({ kind, tags, content, created_at }, secretKey));
  };
  const seal = (content: unknown) => nip44.encrypt(JSON.stringify(content), conversationKey);

  async function receive(event: Event): Promise<void> {
    const request = JSON.parse(nip44.decrypt(event.content, conversationKey)) as Request;
    requests.push(request);
    const reply = script(request);
    if (reply === null) return;
    const tags = [
      ["p", client],
      ["e", event.id],
    ];
    const content =
      "unsealed" in reply
        ? reply.unsealed
        : "sealed" in reply
          ? nip44.encrypt(reply.sealed, conversationKey)
          : seal({ result_type: request.method, error: null, result: null, ...reply });
    await publish(23195, tags, content);
  }

  const subscribed = Promise.withResolvers<void>();
  relay.subscribe([{ kinds: [23194], "#p": [pubkey] }], {
    onevent: (event) => void receive(event).catch(() => {}),
    oneose: subscribed.resolve,
  });
  await subscribed.promise;
  await publish(13194, [["encryption", encryptions]], "make_invoice lookup_invoice");

  return {
    nwcUrl: nwcUrl(pubkey, relayUrl, bytesToHex(clientKey)),
    pubkey,
    requests,
    answer(next) {
      script = next;
    },
    notify: (content) => publish(23197, [["p", client]], seal(content)),
    stop: () => relay.close(),
  };
}
