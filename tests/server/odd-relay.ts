type Send = (...message: unknown[]) => void;

/** A relay on loopback that answers what a test tells it to. */
export type OddRelay = {
  url: string;
  /** All messages that came in. */
  received: unknown[][];
  /** How many connections are open. */
  readonly connections: number;
  stop(): Promise<void>;
};

/**
 * @param answer gets every message that comes in
 * @param greet gets every connection that is made
 */
export function startOddRelay(
  answer: (message: unknown[], send: Send) => void,
  greet: (send: Send) => void = () => {},
): OddRelay {
  const received: unknown[][] = [];
  let connections = 0;
  const server = Bun.serve<undefined>({
    ...{ hostname: "127.0.0.1", port: 0 },
    fetch: (request, bun) =>
      bun.upgrade(request) ? undefined : new Response("no", { status: 400 }),
    websocket: {
      open(socket) {
        connections++;
        greet((...message) => void socket.send(JSON.stringify(message)));
      },
      close() {
        connections--;
      },
      message(socket, text) {
        const message: unknown[] = JSON.parse(String(text));
        received.push(message);
        answer(message, (...reply) => void socket.send(JSON.stringify(reply)));
      },
    },
  });
  return {
    url: `ws://127.0.0.1:${server.port}`,
    received,
    get connections() {
      return connections;
    },
    stop: () => server.stop(true),
  };
}
