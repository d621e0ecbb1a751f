import type { Socket } from "bun";

/**
 * What a cut takes away: the `request` before it arrives, the `answer` when it comes back, or the
 * answer by `silence` on a connection that stays open.
 */
export type Cut = "request" | "answer" | "silence";

export type CuttingProxy = {
  /** `fetch` through the proxy; the Host header names the server behind it, as any proxy would pass it. */
  fetch: typeof fetch;
  /** Cuts the next request of that method, once. */
  cut(method: string, what: Cut): void;
  stop(): void;
};

type Link = { upstream: Promise<Socket<Back>>; cut: Cut | null };
type Back = { client: Socket<Link> };

/** A TCP proxy on loopback that loses requests or answers on demand. */
export function startCuttingProxy(port: number): CuttingProxy {
  let next: { method: string; what: Cut } | null = null;

  const proxy = Bun.listen<Link>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(client) {
        const upstream = Bun.connect<Back>({
          hostname: "127.0.0.1",
          port,
          data: { client },
          socket: {
            data(_, bytes) {
              if (client.data.cut === "answer") client.terminate();
              else if (client.data.cut === null) client.write(bytes);
            },
            close() {
              if (client.data.cut === null) client.end();
            },
          },
        });
        client.data = { upstream, cut: null };
      },
      async data(client, bytes) {
        if (next && bytes.toString("latin1").startsWith(`${next.method} `)) {
          client.data.cut = next.what;
          next = null;
        }
        if (client.data.cut === "request") client.terminate();
        else (await client.data.upstream).write(bytes);
      },
      async close(client) {
        (await client.data.upstream).end();
      },
    },
  });

  async function throughProxy(input: string | URL | Request, init?: RequestInit) {
    const url = new URL(String(input));
    const headers = new Headers(init?.headers);
    if (!headers.has("host")) headers.set("host", url.host);
    url.port = String(proxy.port);
    return await fetch(url, { ...init, headers });
  }

  return {
    fetch: Object.assign(throughProxy, { preconnect: fetch.preconnect }),
    cut(method, what) {
      next = { method, what };
    },
    stop: () => proxy.stop(true),
  };
}
