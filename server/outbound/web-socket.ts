import { createHash, randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { Unavailable } from "../errors.ts";
import { ByteReader } from "./byte-reader.ts";

/** A WebSocket to an address that was checked. */
export interface OutboundSocket {
  /**
   * Text messages, read from the network only as fast as they are taken; to be iterated once. Ends when
   * the other side closes. @throws {Unavailable} `outbound_broken`: lost, closed here, or against the rules
   */
  readonly messages: AsyncIterable<string>;
  /** Sends a text message; of no effect once the connection has ended. */
  send(text: string): void;
  close(): void;
}

/** Of one message, and of all messages of one connection: none of ours needs to bring more. */
export type SocketLimits = {
  maxMessageBytes: number;
  maxTotalBytes: number;
  /** 16,384 if absent: nobody of good will sends a stranger so many. */
  maxFrames?: number;
};

const MAX_RESPONSE_BYTES = 16_384;
const MAX_CONTROL_BYTES = 125;
/**
 * Of one connection. A frame costs us far more than its two bytes: a ping, a pong that waits to be taken;
 * a fragment, a buffer of its own; each of them, time. Nobody of good will sends so many.
 */
const MAX_FRAMES = 16_384;
/** What the other side gets to take our last words. */
const CLOSING_MS = 1_000;
const NORMAL_CLOSURE = Buffer.from([0x03, 0xe8]);
const CONTINUATION = 0;
const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/**
 * Makes a WebSocket of a connection. Bun's own client would do, if it did not take messages of 128 MiB:
 * whoever names a relay to us must not be able to fill our memory.
 *
 * @param url its path and host go into the request; the connection is made already
 * @throws {Unavailable} `outbound_unreachable`: anything but 101, redirects among it
 * @see RFC 6455
 */
export async function openWebSocket(
  connection: Socket,
  url: URL,
  limits: SocketLimits,
): Promise<OutboundSocket> {
  const key = randomBytes(16).toString("base64");
  connection.write(
    `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nUpgrade: websocket\r\n` +
      `Connection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  );
  const reader = new ByteReader(connection, limits.maxTotalBytes);
  const response = await reader.readUntil("\r\n\r\n", MAX_RESPONSE_BYTES).catch(() => "");
  if (!isAccepted(response, key)) {
    connection.destroy();
    throw new Unavailable("outbound_unreachable", "the address speaks no WebSocket");
  }
  const send = (opcode: number, payload: Uint8Array) => {
    if (connection.writable) connection.write(frameOf(opcode, payload));
  };
  return {
    messages: readMessages(connection, reader, limits, send),
    send: (text) => send(TEXT, Buffer.from(text)),
    close() {
      if (!connection.writable) return;
      send(CLOSE, NORMAL_CLOSURE);
      // Not the socket's own timeout: what the other side keeps sending would put that off for ever.
      const patience = setTimeout(() => connection.destroy(), CLOSING_MS);
      connection.once("close", () => clearTimeout(patience));
      connection.end(() => connection.destroy());
    },
  };
}

/** RFC 6455 §4.1. Extensions and protocols were not asked for, so none can have been accepted. */
function isAccepted(response: string, key: string): boolean {
  const [status = "", ...lines] = response.split("\r\n");
  const headers = new Map(
    lines.map((line) => {
      const [name = "", ...value] = line.split(":");
      return [name.trim().toLowerCase(), value.join(":").trim()];
    }),
  );
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  return (
    /^HTTP\/1\.1 101(?: |$)/.test(status) &&
    headers.get("upgrade")?.toLowerCase() === "websocket" &&
    headers.get("sec-websocket-accept") === accept.digest("base64") &&
    !headers.has("sec-websocket-extensions") &&
    !headers.has("sec-websocket-protocol")
  );
}

async function* readMessages(
  connection: Socket,
  reader: ByteReader,
  { maxMessageBytes, maxFrames = MAX_FRAMES }: SocketLimits,
  send: (opcode: number, payload: Uint8Array) => void,
): AsyncGenerator<string, void, undefined> {
  try {
    let message: { parts: Buffer[]; bytes: number } | null = null;
    for (let frames = 1; ; frames++) {
      if (frames > maxFrames) throw new RangeError("too many frames");
      const left: number = maxMessageBytes - (message?.bytes ?? 0);
      const { isFinal, opcode, payload } = await readFrame(reader, left);
      if (opcode === CLOSE) return send(CLOSE, payload.subarray(0, 2));
      if (opcode === PING) send(PONG, payload);
      if (opcode > CLOSE) continue;
      if (opcode !== (message === null ? TEXT : CONTINUATION)) {
        throw new RangeError("not a text message");
      }
      message ??= { parts: [], bytes: 0 };
      message.bytes += payload.length;
      if (payload.length > 0) message.parts.push(payload);
      if (!isFinal) continue;
      const text = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(message.parts));
      message = null;
      yield text;
    }
  } catch (error) {
    const reason = error instanceof RangeError ? error.message : "the connection was lost";
    throw new Unavailable("outbound_broken", `a WebSocket ended: ${reason}`);
  } finally {
    connection.destroy();
  }
}

/** RFC 6455 §5.2, as a server must send it: unmasked, and without the extensions nobody asked for. */
async function readFrame(reader: ByteReader, maxBytes: number) {
  const [first = 0, second = 0] = await reader.read(2);
  const opcode = first & 0x0f;
  const isFinal = (first & 0x80) !== 0;
  const short = second & 0x7f;
  if ((first & 0x70) !== 0 || (second & 0x80) !== 0) throw new RangeError("not a server's frame");
  const isControl = opcode >= CLOSE;
  if (isControl && (!isFinal || short > MAX_CONTROL_BYTES || opcode > PONG)) {
    throw new RangeError("not a control frame");
  }
  let bytes = short;
  if (short === 126) bytes = (await reader.read(2)).readUInt16BE();
  if (short === 127) bytes = Number((await reader.read(8)).readBigUInt64BE());
  if (!isControl && bytes > maxBytes) throw new RangeError("a message is too big");
  return { isFinal, opcode, payload: await reader.read(bytes) };
}

/** RFC 6455 §5.3: what a client sends is masked, with a new mask for every frame. */
function frameOf(opcode: number, payload: Uint8Array): Buffer {
  const bytes = payload.length;
  const length = bytes < 126 ? 1 : bytes < 65_536 ? 3 : 9;
  const head = Buffer.alloc(1 + length);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (length === 1 ? bytes : length === 3 ? 126 : 127);
  if (length === 3) head.writeUInt16BE(bytes, 2);
  if (length === 9) head.writeBigUInt64BE(BigInt(bytes), 2);
  const mask = randomBytes(4);
  const masked = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return Buffer.concat([head, mask, masked]);
}
