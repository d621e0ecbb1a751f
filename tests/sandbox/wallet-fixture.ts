import { generateSecretKey, getPublicKey } from "nostr-tools/pure";
import { bytesToHex } from "nostr-tools/utils";
import { MovableClock } from "../../server/sandbox/clock.ts";
import { LightningNetwork } from "../../server/sandbox/lightning.ts";
import {
  type Encryption,
  NIP47_METHODS,
  Nip47Cipher,
  type Nip47Response,
  nwcUrl,
} from "../../server/sandbox/nip47.ts";
import { type NostrRelay, startNostrRelay } from "../../server/sandbox/nostr-relay.ts";
import type { RelayHabit } from "../../server/sandbox/relay-habits.ts";
import { openSqlite } from "../../server/sandbox/sqlite.ts";
import { Nip47Wallet } from "../../server/sandbox/wallet.ts";
import type { WalletHabit } from "../../server/sandbox/wallet-habits.ts";
import type { NwcConnection } from "../../server/sandbox/wallet-methods.ts";
import { RelaySocket, signedEvent, until } from "./relay-socket.ts";

/** A client's end of a connection: its secret, its rights and the URL that says both keys. */
export type Client = NwcConnection & { secretKey: Uint8Array; url: string };

/** A relay with two wallets on one network: the shop's, and a customer's with 1,000 sats. */
export async function startWallets(
  options: { habits?: WalletHabit[]; relayHabits?: RelayHabit[] } = {},
) {
  const clock = new MovableClock();
  const db = openSqlite(null);
  const network = new LightningNetwork(db, clock);
  const relay = await startNostrRelay({ paths: ["/", "/shop", "/customer"] });
  for (const path of ["/shop", "/customer"]) relay.setHabits(path, options.relayHabits ?? []);

  async function open(
    name: "shop" | "customer",
    openingMsats: number,
    rights: Partial<NwcConnection>[],
  ) {
    const secretKey = generateSecretKey();
    const path = `/${name}`;
    const clients = rights.map((right): Client => {
      const clientSecret = generateSecretKey();
      return {
        pubkey: getPublicKey(clientSecret),
        ...{ methods: NIP47_METHODS, notifications: true, budget: null },
        ...right,
        secretKey: clientSecret,
        url: nwcUrl(getPublicKey(secretKey), relay.url(path), bytesToHex(clientSecret)),
      };
    });
    const node = network.openNode(name, openingMsats);
    const shared = { alias: name, secretKey, node, network, db, clock, relay, path };
    const wallet = new Nip47Wallet({ ...shared, connections: clients });
    wallet.habits = new Set(options.habits);
    await wallet.connect();
    return { wallet, clients, node, secretKey, path };
  }

  const receiving = ["make_invoice", "lookup_invoice", "list_transactions", "get_info"] as const;
  const shop = await open("shop", 0, [{ methods: receiving }, { notifications: false }]);
  const customer = await open("customer", 1_000_000, [
    {},
    { budget: { totalSats: 100, renewal: "monthly" } },
  ]);
  return {
    ...{ clock, network, relay, shop, customer },
    async stop() {
      shop.wallet.close();
      customer.wallet.close();
      await relay.stop();
      db.close();
    },
  };
}

/** Speaks NIP-47 by hand: every tag and byte of the request is the caller's. */
export class RawClient {
  readonly #cipher: Nip47Cipher;

  private constructor(
    readonly socket: RelaySocket,
    private readonly secretKey: Uint8Array,
    private readonly walletPubkey: string,
  ) {
    this.#cipher = new Nip47Cipher(secretKey, walletPubkey);
  }

  static async open(relay: NostrRelay, path: string, secretKey: Uint8Array, walletPubkey: string) {
    const client = new RawClient(await RelaySocket.open(relay.url(path)), secretKey, walletPubkey);
    client.socket.send("REQ", "answers", { "#p": [getPublicKey(secretKey)] });
    await client.socket.next("EOSE");
    return client;
  }

  request(command: object | string, encryption: Encryption, tags: string[][] = []) {
    const text = typeof command === "string" ? command : JSON.stringify(command);
    const content = this.#cipher.encrypt(text, encryption);
    return signedEvent(this.secretKey, {
      kind: 23194,
      content,
      tags: [["p", this.walletPubkey], ["encryption", encryption], ...tags],
    });
  }

  /** The request again, signed anew with other tags. */
  relabelled(request: { content: string }, tags: string[][]) {
    const all = [["p", this.walletPubkey], ...tags];
    return signedEvent(this.secretKey, { kind: 23194, content: request.content, tags: all });
  }

  /** Sends a request event and waits for the wallet's answer to it. */
  async ask(request: { id: string }, encryption: Encryption): Promise<Nip47Response> {
    this.socket.send("EVENT", request);
    const answer = await until(() => this.answers(request)[0]);
    this.socket.received.length = 0;
    return JSON.parse(this.#cipher.decrypt(answer.content, encryption));
  }

  /** What has been heard of a kind so far. */
  events(kind: number) {
    return this.socket.received
      .filter(([type]) => type === "EVENT")
      .map(([, , event]) => event as ReturnType<typeof signedEvent>)
      .filter((event) => event.kind === kind);
  }

  /** The answers to a request that have been heard so far. */
  answers(request: { id: string }) {
    return this.events(23195).filter(({ tags }) =>
      tags.some(([name, id]) => name === "e" && id === request.id),
    );
  }

  open(sealed: string, encryption: Encryption): unknown {
    return JSON.parse(this.#cipher.decrypt(sealed, encryption));
  }
}
