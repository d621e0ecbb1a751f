import type { Event, EventTemplate } from "nostr-tools/core";
import { Refused, Unavailable } from "../errors.ts";
import { signEvent } from "../nostr/event.ts";
import type { Outbound } from "../outbound/outbound.ts";
import { openRelayLink, type RelayLink } from "../outbound/relay-link.ts";
import { type Answer, type Connection, INFO, RESPONSE, readAnswer } from "./payer-messages.ts";

/**
 * Talking with a wallet over all of its relays at once, each connected to when it is first needed. A
 * relay that fails is passed over as long as there is another. Errors of both methods: {@link Refused}
 * `outbound_refused` where no relay may be connected to; else {@link Unavailable} `wallet_unreachable`,
 * `wallet_silent` or `wallet_nonsense`.
 */
export interface Talk {
  /** The wallet's info event (kind 13194). */
  info(): Promise<Event>;
  /**
   * Publishes a request, or the same one again, and waits for its answer; a stored answer will do.
   * @param method what the request asks for
   * @param isPublished false: asks for stored answers only
   */
  ask(request: Event, method: string, isPublished?: boolean): Promise<Answer>;
}

/**
 * Has a talk of at most `timeoutMs`, in which requests of the same connection may go side by side.
 * When it is over, nothing of it is left open.
 */
export async function talk<T>(
  o: { outbound: Outbound; connection: Connection; timeoutMs: number; signal: AbortSignal },
  have: (talk: Talk) => Promise<T>,
): Promise<T> {
  const { outbound, connection } = o;
  const { wallet, relays, secretKey } = connection;
  const over = new AbortController();
  const ends = AbortSignal.any([o.signal, over.signal, AbortSignal.timeout(o.timeoutMs)]);
  const links = new Map<string, Promise<RelayLink>>();
  const sign = (template: EventTemplate) => signEvent(template, secretKey);

  function linkTo(url: string): Promise<RelayLink> {
    const link = links.get(url) ?? openRelayLink(outbound, url, ends, sign);
    links.set(url, link);
    return link;
  }

  /** What the first relay gives that gives anything. */
  async function overAny<R>(use: (link: RelayLink) => Promise<R>): Promise<R> {
    try {
      return await Promise.any(relays.map(async (url) => await use(await linkTo(url))));
    } catch (error) {
      throw ends.aborted ? silent() : worstOf(error instanceof AggregateError ? error.errors : []);
    }
  }

  async function info(): Promise<Event> {
    return await overAny(async (link) => {
      const found: Event[] = [];
      const filter = { kinds: [INFO], authors: [wallet], limit: 1 };
      await link.subscribe(filter, (event) => found.push(event));
      const [newest] = found.sort((a, b) => b.created_at - a.created_at);
      if (!newest) throw silent();
      return newest;
    });
  }

  async function ask(request: Event, method: string, isPublished = true): Promise<Answer> {
    return await overAny(async (link) => {
      const answered = Promise.withResolvers<Answer>();
      answered.promise.catch(() => {});
      let isAnswered = false;
      const hear = (event: Event) => {
        const isToUs = event.tags.some(([name, value]) => name === "p" && value === request.pubkey);
        if (isAnswered || !isToUs) return;
        isAnswered = true;
        try {
          answered.resolve(readAnswer(event, connection, method));
        } catch (error) {
          answered.reject(error);
        }
      };
      // Before the request: few relays keep answers, so the answer to it could be missed.
      const filter = { kinds: [RESPONSE], authors: [wallet], "#e": [request.id] };
      const listening = link.subscribe(filter, hear);
      const asking = listening.then(async () => {
        if (isAnswered) return await answered.promise;
        if (!isPublished) throw silent();
        await link.publish(request);
        return await link.ended;
      });
      return await Promise.race([answered.promise, asking]);
    });
  }

  try {
    return await have({ info, ask });
  } finally {
    over.abort();
  }
}

/** Of what went wrong with each relay, what says most. */
function worstOf(errors: unknown[]): Error {
  const isRefused = (error: unknown) => error instanceof Refused;
  const said = errors.find(
    (error) => error instanceof Unavailable && error.code.startsWith("wallet_"),
  );
  if (said instanceof Unavailable) return said;
  if (errors.every(isRefused)) {
    return new Refused("outbound_refused", "the wallet's relays are not on the public internet");
  }
  return new Unavailable("wallet_unreachable", "the wallet cannot be reached over its relays");
}

function silent(): Unavailable {
  return new Unavailable("wallet_silent", "the wallet did not answer in time");
}
