/**
 * Sends prepared HTTP/1.1 requests over keep-alive connections, each as soon as the one before it on
 * the connection was answered, and prints how long it took. A connection that is closed is replaced. Arguments: port, connections. The requests
 * come on stdin, one JSON string per line.
 */
const [port = 0, connections = 0] = process.argv.slice(2).map(Number);
const requests = (await Bun.stdin.text())
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line));
const HEAD_END = "\r\n\r\n";
let next = 0;
let refused = 0;

function drive(): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = "";
    let isDone = false;
    const send = (socket: { write(text: string): number; end(): void }): void => {
      const request = requests[next++];
      if (request === undefined) {
        isDone = true;
        socket.end();
        resolve();
      } else {
        socket.write(request);
      }
    };
    const open = (): Promise<unknown> =>
      Bun.connect({
        hostname: "127.0.0.1",
        port,
        socket: {
          open: send,
          data(socket, bytes) {
            received += bytes.toString("latin1");
            const head = received.indexOf(HEAD_END);
            if (head === -1) return;
            const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0);
            if (received.length < head + HEAD_END.length + length) return;
            if (!received.startsWith("HTTP/1.1 20")) refused++;
            const isLast = /^connection: close/im.test(received);
            received = "";
            if (!isLast) send(socket);
          },
          close: () => (isDone ? undefined : void open()),
          error: (_, error) => reject(error),
          connectError: (_, error) => reject(error),
        },
      }).catch(reject);
    void open();
  });
}

const startedAt = performance.now();
await Promise.all(Array.from({ length: connections }, drive));
const ms = performance.now() - startedAt;
console.log(JSON.stringify({ requests: requests.length, refused, ms }));
process.exit(0);
