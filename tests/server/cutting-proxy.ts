import type { Socket } from "bun";

/**
 * What a cut takes away: the `request` before it arrives, the `answer` when it comes back, or the
 * answer by `silence` on a connection that stays open.
 */
type Cut = "request" | "answer" | "silence";

export type CuttingProxy = {
  port: number;
  /** How many connections are open. */
  readonly connections: number;
  /** `fetch` through the proxy; the Host header names the server behind it, as any proxy would pass it. */
  fetch: typeof fetch;
  /** Cuts the next request of that method, once. */
  cut(method: string, what: Cut): void;
  /** Every connection that is open now hears nothing more, and does not notice; new ones are fine. */
  strand(): void;
  stop(): void;
};

type Link = { upstream: Promise<Socket<Back>>; cut: Cut | null };
type Back = { client: Socket<Link> };

/** A TCP proxy on loopback that loses requests or answers on demand. */
export function startCuttingProxy(port: number): CuttingProxy {
  const open = new Set<Socket<Link>>();
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
        upstream.catch(() => client.terminate());
        client.data = { upstream, cut: null };
        open.add(client);
      },
      async data(client, bytes) {
        if (next && bytes.toString("latin1").startsWith(`${next.method} `)) {
          client.data.cut = next.what;
          next = null;
        }
        if (client.data.cut === "request") client.terminate();
        else (await client.data.upstream.catch(() => null))?.write(bytes);
      },
      async close(client) {
        open.delete(client);
        (await client.data.upstream.catch(() => null))?.end();
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
    port: proxy.port,
    get connections() {
      return open.size;
    },
    fetch: Object.assign(throughProxy, { preconnect: fetch.preconnect }),
    cut(method, what) {
      next = { method, what };
    },
    strand() {
      for (const client of open) client.data.cut = "silence";
    },
    stop: () => proxy.stop(true),
  };
}
