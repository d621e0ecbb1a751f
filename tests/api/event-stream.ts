import { signHttpAuth } from "../../server/nostr/keys.ts";
import { until } from "../sandbox/relay-socket.ts";
import type { TenantApi } from "./berth-fixture.ts";

/** What one `snapshot` event says. */
export type Entry = {
  seq: number;
  actor: string;
  machine: string;
  version: string;
  rev: number;
  at: number;
  by: string | null;
  snapshot: { value: unknown; context: Record<string, unknown> };
};
type Message = { id: string; event: string; data: string };

export type Stream = Awaited<ReturnType<typeof openStream>>;

/** A tenant's live feed, read as a browser reads it. @throws where it is not answered with 200. */
export async function openStream(tenant: TenantApi, lastEventId?: string) {
  const response = await requestStream(tenant, lastEventId);
  if (response.status !== 200 || !response.body) throw new Error(`answered ${response.status}`);
  const reader = response.body.getReader();
  const messages: Message[] = [];
  let text = "";
  let hasEnded = false;
  const reading = (async () => {
    const decoder = new TextDecoder();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      messages.push(...blocks.map(parse).filter((message) => message.event !== ""));
    }
  })()
    .catch(() => {})
    .finally(() => {
      hasEnded = true;
    });
  return {
    headers: response.headers,
    messages,
    entries: (): Entry[] =>
      messages.filter(({ event }) => event === "snapshot").map(({ data }) => JSON.parse(data)),
    get hasEnded() {
      return hasEnded;
    },
    /** Everything that stood there when it was opened has been read. */
    ready: () => until(() => messages.some(({ event }) => event === "ready")),
    lastId: (): string => messages.findLast(({ id }) => id !== "")?.id ?? "",
    async close(): Promise<void> {
      // Where Berth ended first, there is nothing left to cancel.
      await reader.cancel().catch(() => {});
      await reading;
    },
  };
}

/** The answer itself, for who expects a refusal. */
export function requestStream(tenant: TenantApi, lastEventId?: string): Promise<Response> {
  const url = `${tenant.url}/tenant/events`;
  const authorization = signHttpAuth(tenant.key.secret, { url, method: "GET" });
  const resumed = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
  return fetch(url, { headers: { authorization, ...resumed } });
}

function parse(block: string): Message {
  const message: Message = { id: "", event: "", data: "" };
  for (const line of block.split("\n")) {
    const [, field, value = ""] = /^(id|event|data): (.*)$/.exec(line) ?? [];
    if (field === "id" || field === "event" || field === "data") message[field] = value;
  }
  return message;
}
