import { setTimeout as sleep } from "node:timers/promises";
import { compareEvents, type Event } from "nostr-tools/core";
import { abortable } from "../nostr/abortable.ts";
import { type Allowance, type Connect, RelayLink, RelayRefusal } from "../nostr/relay-link.ts";
import type { Connection } from "./connection.ts";
import {
  type Answer,
  INFO,
  NOTIFICATIONS,
  RESPONSE,
  readAnswer,
  readInfo,
  readNotification,
  signRequest,
  UNANNOUNCED,
  type WalletInfo,
} from "./nip47.ts";
import { silent, worstOf } from "./wallet-errors.ts";

/** By how much a wallet's clock may differ, and how late an answer may be dated all the same. */
const SKEW_MS = 900_000;
/** What the other relays get to bring an info event once one of them has said that it has none. */
const OTHERS_MS = 2_000;
/** Long enough for a wallet whose clock is minutes ahead: it ignores what has expired by its own. */
const QUESTION_EXPIRES_IN_SECONDS = 240;
const RECONNECT_MS = { first: 500, longest: 60_000 };

export type WalletClientOptions = {
  connection: Connection;
  connect: Connect;
  /** Real time for one call, connecting included. */
  timeoutMs: number;
  /** Of what the relays may send; where it is left out, of a stranger's. */
  allowance?: Allowance;
  /** Answers dated before this, epoch ms, are not asked for; now if left out. */
  sinceMs?: number;
  /** Real time, epoch ms, as of all Nostr events. */
  now?: () => number;
};

/** A stored answer or two of earlier requests, and those to what a talk asks. */
const STRANGERS: Allowance = { atOnce: 50, perSecond: 0 };
const STORED_MAX = 20;

/**
 * Talks NIP-47 with one wallet, over all of its relays at once: a relay that fails or is silent is passed
 * over as long as there is another. Each is connected to when it is first needed, and again when it was
 * lost. One subscription per relay hears whatever the wallet sends us: some relays want `#p` in it, and
 * some know no `#e`.
 *
 * Errors: {@link Refused} `outbound_refused` where no relay may be connected to, or
 * `wallet_unsupported_encryption`; {@link Unavailable} `wallet_unreachable`, `wallet_silent`,
 * `wallet_nonsense`.
 */
export class WalletClient {
  readonly #links = new Map<string, Promise<RelayLink>>();
  readonly #waiting = new Map<string, (event: Event) => void>();
  readonly #listeners = new Set<(type: unknown, told: Record<string, unknown>) => void>();
  readonly #closing = new AbortController();
  readonly #now: () => number;
  #info: WalletInfo | null = null;
  /** Whether somebody listened once: from then on all relays are kept connected. */
  #isKept = false;

  constructor(readonly options: WalletClientOptions) {
    this.#now = options.now ?? Date.now;
  }

  /** Aborted by {@link close}. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** Ends everything; what is under way fails. */
  close(): void {
    this.#closing.abort(new Error("the connection to the wallet was closed"));
    for (const link of this.#links.values()) {
      link.then(
        (opened) => opened.close(),
        () => {}, // it never opened
      );
    }
    this.#links.clear();
  }

  /** What the wallet announces (kind 13194), as it was last read. */
  async info(signal: AbortSignal): Promise<WalletInfo> {
    this.#info ??= await this.#readInfo(this.#limit(signal));
    return this.#info;
  }

  /** A signed request that was not sent. @param expiresIn seconds, after which the wallet ignores it */
  async sign(
    command: { method: string; params: object },
    expiresIn: number,
    signal: AbortSignal,
  ): Promise<{ event: Event; info: WalletInfo }> {
    const info = await this.info(signal);
    const { connection } = this.options;
    const event = signRequest(connection, info.encryption, command, this.#now(), expiresIn);
    return { event, info };
  }

  /** Asks, and waits for the answer. */
  async ask(method: string, params: object, signal: AbortSignal): Promise<Answer> {
    const ends = this.#limit(signal);
    const command = { method, params };
    const { event, info } = await this.sign(command, QUESTION_EXPIRES_IN_SECONDS, ends);
    const answer = await this.send(event, method, ends);
    if (!("error" in answer) || answer.error !== "UNSUPPORTED_ENCRYPTION") return answer;
    // It announced nothing, or something else since.
    this.#info = info.isAnnounced ? null : { ...UNANNOUNCED, encryption: "nip44_v2" };
    if (info.isAnnounced || info.encryption === "nip44_v2") return answer;
    const again = await this.sign(command, QUESTION_EXPIRES_IN_SECONDS, ends);
    return await this.send(again.event, method, ends);
  }

  /**
   * Publishes a request, or the same one again, and waits for its answer; a stored answer will do.
   * @param isPublished false: waits for stored answers only
   */
  async send(
    request: Event,
    method: string,
    signal: AbortSignal,
    isPublished = true,
  ): Promise<Answer> {
    const ends = this.#limit(signal);
    const answered = Promise.withResolvers<Answer>();
    answered.promise.catch(() => {}); // nobody may wait for it any more
    this.#waiting.set(request.id, (event) => {
      try {
        answered.resolve(readAnswer(event, this.options.connection, method));
      } catch (error) {
        answered.reject(error);
      }
    });
    const deaf = new Map<string, Promise<RelayLink>>();
    const over = async (url: string): Promise<never> => {
      const opening = this.#linkTo(url);
      const link = await opening;
      if (!isPublished) throw silent();
      if (ends.aborted) throw silent();
      deaf.set(url, opening);
      const { accepted, reason } = await link.publish(request, ends);
      deaf.delete(url);
      if (!accepted && !reason.startsWith("duplicate:")) throw new RelayRefusal(reason);
      await link.closed;
      throw new Error("the connection to the relay was lost");
    };
    try {
      const tries = Promise.any(this.options.connection.relays.map(over));
      return await abortable(Promise.race([answered.promise, tries]), ends);
    } catch (error) {
      throw this.#failure(error, ends, deaf);
    } finally {
      this.#waiting.delete(request.id);
    }
  }

  /**
   * Keeps every relay connected, and hears notifications of the wallet; they may repeat, and may be missed.
   * @param heartbeatMs how often a connection is proven to be alive
   */
  listen(
    hear: (type: unknown, told: Record<string, unknown>) => void,
    heartbeatMs: number,
  ): () => void {
    this.#listeners.add(hear);
    const isKept = this.#isKept;
    this.#isKept = true;
    if (!isKept)
      for (const url of this.options.connection.relays) void this.#keep(url, heartbeatMs);
    return () => this.#listeners.delete(hear);
  }

  async #keep(url: string, heartbeatMs: number): Promise<void> {
    let delayMs = RECONNECT_MS.first;
    while (!this.closed.aborted) {
      try {
        const opening = this.#linkTo(url);
        const link = await opening;
        delayMs = RECONNECT_MS.first;
        await Promise.race([link.closed, this.#dies(link, heartbeatMs)]);
        this.#replace(url, opening);
      } catch {
        delayMs = Math.min(delayMs * 2, RECONNECT_MS.longest);
      }
      await sleep(delayMs, null, { signal: this.closed, ref: false }).catch(() => {});
    }
  }

  /** Of a connection whose other end vanished, the WebSocket never says that it closed. */
  async #dies(link: RelayLink, heartbeatMs: number): Promise<void> {
    for (;;) {
      await sleep(heartbeatMs, null, { signal: this.closed, ref: false });
      const events = await this.#infoEvents(link, this.#limit(this.closed)).catch(() => null);
      if (events === null) return;
      const [newest] = events;
      if (newest) this.#info = readInfo(newest);
    }
  }

  /** What a call that failed says. `deaf`: connections over which nothing was heard of what was asked. */
  #failure(error: unknown, ends: AbortSignal, deaf: Map<string, Promise<RelayLink>>): unknown {
    if (!ends.aborted) return error instanceof AggregateError ? worstOf(error.errors) : error;
    // They may have died unnoticed: the next call makes others.
    for (const [url, link] of deaf) this.#replace(url, link);
    return silent();
  }

  #limit(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.closed, AbortSignal.timeout(this.options.timeoutMs)]);
  }

  async #readInfo(ends: AbortSignal): Promise<WalletInfo> {
    const { relays } = this.options.connection;
    const others = Promise.withResolvers<null>();
    const deaf = new Map<string, Promise<RelayLink>>();
    let left = relays.length;
    const over = async (url: string): Promise<Event | null> => {
      const opening = this.#linkTo(url);
      deaf.set(url, opening);
      const link = await opening;
      const [newest] = await this.#infoEvents(link, ends).catch((error: unknown) => {
        // It listens for us, but does not tell who the wallet is.
        if (error instanceof RelayRefusal) return [];
        throw error;
      });
      deaf.delete(url);
      if (newest) return newest;
      // Nothing here: another relay may have it, but not for as long as one that is dead would take.
      setTimeout(() => others.resolve(null), --left === 0 ? 0 : OTHERS_MS).unref();
      return await others.promise;
    };
    try {
      const newest = await abortable(Promise.any(relays.map(over)), ends);
      return newest ? readInfo(newest) : UNANNOUNCED;
    } catch (error) {
      throw this.#failure(error, ends, deaf);
    }
  }

  async #infoEvents(link: RelayLink, ends: AbortSignal): Promise<Event[]> {
    const filter = { kinds: [INFO], authors: [this.options.connection.wallet] };
    return (await link.query(filter, ends)).sort(compareEvents);
  }

  #linkTo(url: string): Promise<RelayLink> {
    const known = this.#links.get(url);
    if (known) return known;
    const opening = this.#open(url);
    this.#links.set(url, opening);
    const forget = () => {
      if (this.#links.get(url) === opening) this.#links.delete(url);
    };
    opening.then((link) => link.closed.then(forget), forget);
    return opening;
  }

  async #open(url: string): Promise<RelayLink> {
    const { connection, connect, timeoutMs, allowance = STRANGERS } = this.options;
    const { wallet, pubkey, secretKey } = connection;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error("not in time")), timeoutMs);
    // The signal would end the connection later, too: time is limited only until it stands.
    const signal = AbortSignal.any([this.closed, late.signal]);
    let link: RelayLink | null = null;
    try {
      link = await RelayLink.open(url, { connect, secretKey, isEager: true, allowance }, signal);
      const since = Math.floor(((this.options.sinceMs ?? this.#now()) - SKEW_MS) / 1_000);
      const kinds = [RESPONSE, ...NOTIFICATIONS];
      const filter = { kinds, authors: [wallet], "#p": [pubkey], since, limit: STORED_MAX };
      await link.subscribe(filter, (event) => this.#hear(event), signal);
      return link;
    } catch (error) {
      link?.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #hear(event: Event): void {
    if (event.kind === RESPONSE) {
      for (const [name, id] of event.tags)
        if (name === "e" && id !== undefined) this.#waiting.get(id)?.(event);
      return;
    }
    if (this.#listeners.size === 0) return;
    const told = readNotification(event, this.options.connection);
    if (told) for (const hear of this.#listeners) hear(told.type, told.notification);
  }

  /** Not used any more; by the time it is closed, whatever else waits for an answer on it has ended. */
  #replace(url: string, opening: Promise<RelayLink>): void {
    if (this.#links.get(url) === opening) this.#links.delete(url);
    const end = () => opening.then((link) => link.close()).catch(() => {});
    setTimeout(end, this.options.timeoutMs).unref();
  }
}
