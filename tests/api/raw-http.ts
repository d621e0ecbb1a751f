import { connect } from "node:net";

export type RawAnswer = { status: number; type: string; body: string; headers: string };

/**
 * Sends a request exactly as it is written, which fetch would tidy up.
 * @returns status 0 where the server closed without a word
 */
export function sendRaw(
  url: string,
  request: {
    method: string;
    target: string;
    headers?: Record<string, string>;
    body?: Uint8Array | null;
  },
): Promise<RawAnswer> {
  const { method, target, headers = {}, body = null } = request;
  const { hostname, port, host } = new URL(url);
  const all = {
    host,
    connection: "close",
    ...(body === null ? {} : { "content-length": String(body.length) }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return new Promise((resolve, reject) => {
    const received: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => {
      socket.write(Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n`, "latin1"));
      if (body !== null) socket.write(body);
    });
    socket.setTimeout(5_000, () => socket.destroy(new Error(`no answer to ${method} ${target}`)));
    socket.on("data", (data: Buffer) => received.push(data));
    socket.on("error", reject);
    socket.on("close", () => resolve(parse(Buffer.concat(received).toString())));
  });
}

function parse(text: string): RawAnswer {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0),
    type: /^content-type: (.*)$/im.exec(head)?.[1]?.trim() ?? "",
    headers: head,
    body: rest.join("\r\n\r\n"),
  };
}
