import { createHash } from "node:crypto";
import { createServer, type Socket } from "node:net";

/** A server on loopback that sends, byte for byte, what a test wants it to. */
export type RawServer = {
  url: string;
  /** All that came in, the handshake's request included. */
  received(): Buffer;
  /** How many connections are open. */
  readonly connections: number;
  stop(): Promise<void>;
};

/** @param serve gets each connection together with the request's head, once that is complete */
export async function startRawServer(
  serve: (socket: Socket, head: string) => void,
): Promise<RawServer> {
  const open = new Set<Socket>();
  const received: Uint8Array[] = [];
  const server = createServer((socket) => {
    let head = "";
    open.add(socket);
    socket.on("error", () => {}).on("close", () => open.delete(socket));
    socket.on("data", (bytes) => {
      const chunk = Buffer.from(bytes);
      received.push(chunk);
      if (head.includes("\r\n\r\n")) return;
      head += chunk.toString("latin1");
      if (head.includes("\r\n\r\n")) serve(socket, head);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `ws://127.0.0.1:${port}`,
    received: () => Buffer.concat(received),
    get connections() {
      return open.size;
    },
    async stop() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** RFC 6455's answer to a request's head. */
export function switchingProtocols(head: string, ...more: string[]): string {
  const key = /^sec-websocket-key: (.*)$/im.exec(head)?.[1]?.trim() ?? "";
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${accept.digest("base64")}`,
    ...more,
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** A server's frame, its first byte given whole: FIN, RSV and opcode. */
export function frame(first: number, payload: string | Uint8Array, bytes?: number): Buffer {
  const body = Buffer.from(payload);
  const length = bytes ?? body.length;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = first;
  head[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, body]);
}
