import { signHttpAuth } from "../nostr/keys.ts";

/** One revision of one actor, as GET /tenant/events tells it. `at` is logical epoch ms. */
export type Revision = {
  seq: number;
  actor: string;
  machine: "tenant" | "relay" | "invoice";
  rev: number;
  at: number;
  snapshot: { value: unknown; context: Record<string, unknown> };
};

/** An open stream, and all that was heard on it. */
export type LiveFeed = {
  revisions: Revision[];
  /** The Last-Event-ID with which another stream begins with all there ever was. */
  beginning(): string;
  /** The first revision, heard already or still to come, that fits. @throws when the stream ends. */
  until(fits: (revision: Revision) => boolean): Promise<Revision>;
  close(): void;
};

/**
 * Opens the tenant's live feed (server-sent events over fetch; the token is in the header, not in the
 * URL). @param lastEventId - where to go on; null begins with the present.
 */
export async function openFeed(
  url: string,
  secretKey: Uint8Array,
  lastEventId: string | null,
): Promise<LiveFeed> {
  const target = `${url}/tenant/events`;
  const controller = new AbortController();
  const response = await fetch(target, {
    headers: {
      authorization: signHttpAuth(secretKey, { url: target, method: "GET" }),
      ...(lastEventId === null ? {} : { "last-event-id": lastEventId }),
    },
    signal: controller.signal,
  });
  if (!response.ok || !response.body) throw new Error(`the live feed answered ${response.status}`);

  const revisions: Revision[] = [];
  const listeners = new Set<() => void>();
  let isOpen = true;
  let epoch = "";
  async function read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of stream) {
      text += decoder.decode(chunk, { stream: true });
      const messages = text.split("\n\n");
      text = messages.pop() ?? "";
      for (const message of messages) {
        epoch = /^id: (\w+)\./m.exec(message)?.[1] ?? epoch;
        const data = /^event: snapshot\ndata: (.*)$/m.exec(message)?.[1];
        if (data !== undefined) revisions.push(JSON.parse(data) as Revision);
      }
      for (const listener of listeners) listener();
    }
  }
  read(response.body)
    .catch(() => {
      // Closed by us, or by Berth's end: whoever waits is told below.
    })
    .finally(() => {
      isOpen = false;
      for (const listener of listeners) listener();
    });

  return {
    revisions,
    beginning: () => `${epoch}.0`,
    until: (fits) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = revisions.find(fits);
          if (!found && isOpen) return;
          listeners.delete(look);
          if (found) resolve(found);
          else reject(new Error("the live feed ended"));
        };
        listeners.add(look);
        look();
      }),
    close: () => controller.abort(),
  };
}
