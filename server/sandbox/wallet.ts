import type { Database } from "bun:sqlite";
import { Value } from "@sinclair/typebox/value";
import type { Event } from "nostr-tools/core";
import { finalizeEvent, getPublicKey } from "nostr-tools/pure";
import type { Clock } from "../clock.ts";
import type { LightningNetwork } from "./lightning.ts";
import type { LightningNode } from "./lightning-invoice.ts";
import {
  type Encryption,
  encryptionOf,
  isLate,
  KIND_INFO,
  KIND_NOTIFICATION,
  KIND_REQUEST,
  KIND_RESPONSE,
  NIP47_METHODS,
  Nip47Cipher,
  type Nip47ErrorCode,
  type Nip47Method,
  Nip47Refusal,
  Nip47Request,
  type Nip47Response,
} from "./nip47.ts";
import type { NostrRelay } from "./nostr-relay.ts";
import { StandingLink } from "./standing-link.ts";
import { WalletAnswers } from "./wallet-answers.ts";
import { Spending } from "./wallet-budget.ts";
import type { WalletHabit } from "./wallet-habits.ts";
import { callMethod, describeTransaction, type NwcConnection } from "./wallet-methods.ts";

/**
 * What is wrong with a wallet. `down`: its relay refuses connections and nothing is executed.
 * `silent`: requests are executed, but neither answers nor notifications are sent. `empty`, `quota`:
 * pay_invoice is INSUFFICIENT_BALANCE, QUOTA_EXCEEDED. `unauthorized`: every request is.
 */
export type WalletFault = "ok" | "down" | "silent" | "empty" | "quota" | "unauthorized";

const ENCRYPTIONS: readonly Encryption[] = ["nip44_v2", "nip04"];

/**
 * A NIP-47 wallet service on a node of the network, speaking over a path of the relay. A request is
 * executed and its answer kept in one transaction: delivered again, it is only answered again.
 */
export class Nip47Wallet {
  /** 64 hex: the service's key, which the connection URLs name. */
  readonly pubkey: string;
  readonly node: LightningNode;
  /** How often each payment_received is told: 0 loses it, 2 repeats it. */
  notificationCopies = 1;
  /** Refuses every request with this code, executing none, when not null. */
  refuseWith: Nip47ErrorCode | null = null;
  /** How it differs from NIP-47's text, from now on. */
  habits: ReadonlySet<WalletHabit> = new Set();
  #fault: WalletFault = "ok";
  readonly #link: StandingLink;
  readonly #answers: WalletAnswers;
  readonly #spending: Spending;
  readonly #unsubscribe: () => void;

  /** Hears of payments from now on; goes online with {@link connect}. */
  constructor(
    private readonly options: {
      alias: string;
      /** The service's Nostr key. */
      secretKey: Uint8Array;
      node: LightningNode;
      network: LightningNetwork;
      /** The ledger that the network is in as well, so that both commit as one. */
      db: Database;
      clock: Clock;
      relay: NostrRelay;
      path: string;
      connections: NwcConnection[];
    },
  ) {
    this.pubkey = getPublicKey(options.secretKey);
    this.node = options.node;
    this.#answers = new WalletAnswers(options.db);
    this.#spending = new Spending(options.db);
    this.#link = new StandingLink({
      url: options.relay.url(options.path),
      secretKey: options.secretKey,
      filter: { kinds: [KIND_REQUEST], "#p": [this.pubkey] },
      event: (event) => this.#receive(event),
      connected: () => this.#publishInfo(),
    });
    // Told inside the payer's transaction; the notification waits until that has committed.
    this.#unsubscribe = options.network.onSettled((paymentHash) =>
      queueMicrotask(() => this.#notify(paymentHash)),
    );
  }

  /** Goes online: the info event (kind 13194) is out and requests are received when this returns. */
  async connect(): Promise<void> {
    await this.#link.connect();
  }

  get fault(): WalletFault {
    return this.#fault;
  }

  /** Sets what is wrong; the wallet is reachable, or refuses connections, when this returns. */
  async setFault(fault: WalletFault): Promise<void> {
    this.#fault = fault;
    this.options.relay.setPath(this.options.path, fault === "down" ? "down" : "ok");
    if (fault === "down") this.#link.close();
    else await this.#link.connect();
  }

  close(): void {
    this.#unsubscribe();
    this.#link.close();
  }

  async #publishInfo(): Promise<void> {
    if (this.habits.has("no_info_event")) return;
    const { connections } = this.options;
    const granted = NIP47_METHODS.filter(
      (method) =>
        this.#knows(method) &&
        connections.some((connection) => connection.methods.includes(method)),
    );
    const tags = [["encryption", ENCRYPTIONS.join(" ")]];
    const notifies = this.#notifies && connections.some(({ notifications }) => notifications);
    if (notifies) tags.push(["notifications", "payment_received"]);
    const capabilities = notifies ? [...granted, "notifications"] : granted;
    await this.#publish(KIND_INFO, tags, capabilities.join(" "));
  }

  #receive(request: Event): void {
    if (this.#fault === "down" || isLate(request)) return;
    const response = this.#respond(request);
    if (this.#fault === "silent") return;
    if (this.habits.has("no_get_info") && response.result_type === "get_info") return;
    const asked = encryptionOf(request);
    const encryption = asked === "unsupported" ? "nip44_v2" : asked;
    const sealed = this.#cipher(request.pubkey).encrypt(JSON.stringify(response), encryption);
    const tags = [
      ["p", request.pubkey],
      ["e", request.id],
    ];
    void this.#publish(KIND_RESPONSE, tags, sealed);
  }

  #respond(request: Event): Nip47Response {
    const { connections, db } = this.options;
    const connection = connections.find(({ pubkey }) => pubkey === request.pubkey);
    if (connection === undefined) {
      return refusal("unknown", "UNAUTHORIZED", "this key has no connection to the wallet");
    }
    return db.transaction(() => {
      const answered = this.#answers.find(request.id);
      if (answered !== null) return answered;
      const response = this.#execute(request, connection);
      this.#answers.keep(request.id, response);
      return response;
    })();
  }

  #execute(request: Event, connection: NwcConnection): Nip47Response {
    let resultType = "unknown";
    try {
      const { method, params } = this.#open(request);
      resultType = method;
      if (this.#fault === "unauthorized") {
        throw new Nip47Refusal("UNAUTHORIZED", "the connection was revoked");
      }
      if (this.refuseWith !== null)
        throw new Nip47Refusal(this.refuseWith, "refused by the wallet");
      const known = NIP47_METHODS.find((name) => name === method);
      if (known === undefined || !this.#knows(known))
        throw new Nip47Refusal("NOT_IMPLEMENTED", "unknown method");
      if (!connection.methods.includes(known)) {
        throw new Nip47Refusal("RESTRICTED", "the connection may not do this");
      }
      const { alias, node, network, clock, db } = this.options;
      const shortage = this.#fault === "empty" || this.#fault === "quota" ? this.#fault : null;
      const spending = this.#spending;
      const { habits } = this;
      const context = { alias, node, network, clock, spending, connection, shortage, habits };
      // A savepoint: what a method that fails half-way has written is undone, its answer is kept.
      const result = db.transaction(() => callMethod(context, known, params))();
      return { result_type: method, error: null, result };
    } catch (error) {
      if (error instanceof Nip47Refusal) return refusal(resultType, error.code, error.message);
      console.error("sandbox wallet:", error);
      return refusal(resultType, "INTERNAL", "the wallet failed");
    }
  }

  #open(request: Event): Nip47Request {
    const encryption = encryptionOf(request);
    if (encryption === "unsupported") {
      throw new Nip47Refusal("UNSUPPORTED_ENCRYPTION", `use ${ENCRYPTIONS.join(" or ")}`);
    }
    try {
      const content = this.#cipher(request.pubkey).decrypt(request.content, encryption);
      return Value.Decode(Nip47Request, JSON.parse(content));
    } catch {
      throw new Nip47Refusal("OTHER", "the request cannot be read");
    }
  }

  /** Tells payment_received, in both encryptions, to every connection that wants it. */
  #notify(paymentHash: string): void {
    const { network, node, connections } = this.options;
    if (this.#fault === "silent" || !this.#notifies) return;
    const invoice = network.invoice(paymentHash);
    // Not ours, or the payment was rolled back before it committed.
    if (invoice.payee !== node.name || invoice.settledAtMs === null) return;
    const notification = describeTransaction(
      network,
      { ...invoice, type: "incoming" },
      this.habits,
    );
    const content = JSON.stringify({ notification_type: "payment_received", notification });
    for (const connection of connections) {
      if (!connection.notifications) continue;
      for (let copy = 0; copy < this.notificationCopies; copy++) {
        for (const encryption of ENCRYPTIONS) {
          const sealed = this.#cipher(connection.pubkey).encrypt(content, encryption);
          void this.#publish(KIND_NOTIFICATION[encryption], [["p", connection.pubkey]], sealed);
        }
      }
    }
  }

  #knows(method: Nip47Method): boolean {
    return method !== "list_transactions" || !this.habits.has("no_lists");
  }

  get #notifies(): boolean {
    return !this.habits.has("no_notifications");
  }

  #cipher(clientPubkey: string): Nip47Cipher {
    return new Nip47Cipher(this.options.secretKey, clientPubkey);
  }

  /** Nostr events carry real time: their readers compare it with their own. */
  #publish(kind: number, tags: string[][], content: string): Promise<void> {
    const created_at = Math.floor(Date.now() / 1000);
    return this.#link.publish(
      finalizeEvent({ kind, tags, content, created_at }, this.options.secretKey),
    );
  }
}

const refusal = (resultType: string, code: Nip47ErrorCode, message: string): Nip47Response => ({
  result_type: resultType,
  error: { code, message },
  result: null,
});
