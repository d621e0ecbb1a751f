import { createHash, timingSafeEqual } from "node:crypto";
import type { Static, TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { AppError } from "../errors.ts";
import { onPreferredPort } from "./preferred-port.ts";
import type { WorldCommands } from "./world-commands.ts";
import { ClockChange, FaultChange, PayOrder } from "./world-control.ts";

const MAX_BODY_BYTES = 16 * 1024;

/**
 * Serves a world's control interface on 127.0.0.1 to whoever has the token: GET /state, POST /clock,
 * /faults, /pay. Refusals are `{error, message, field?}` with the AppError's status.
 */
export async function startControlServer(options: {
  port: number;
  token: string;
  commands: WorldCommands;
}): Promise<{ port: number; stop(): Promise<void> }> {
  const { commands } = options;
  const expected = digest(`Bearer ${options.token}`);

  const routes: Record<string, (request: Request) => Promise<object>> = {
    "GET /state": async () => commands.state(),
    "POST /clock": async (request) => commands.moveClock(await readBody(request, ClockChange)),
    "POST /faults": async (request) => {
      await commands.setFaults(await readBody(request, FaultChange));
      return commands.state();
    },
    "POST /pay": async (request) => commands.pay((await readBody(request, PayOrder)).bolt11),
  };

  async function answer(request: Request): Promise<object> {
    // Digests are compared, so that neither content nor length shows in the time it takes.
    if (!timingSafeEqual(digest(request.headers.get("authorization") ?? ""), expected)) {
      throw new AppError("unauthorized", 401, "the control token is missing or wrong");
    }
    const route = routes[`${request.method} ${new URL(request.url).pathname}`];
    if (route === undefined) throw new AppError("not_found", 404, "no such route");
    return await route(request);
  }

  const serve = (port: number) =>
    Bun.serve({
      hostname: "127.0.0.1",
      port,
      maxRequestBodySize: MAX_BODY_BYTES,
      async fetch(request) {
        try {
          return Response.json(await answer(request));
        } catch (error) {
          if (error instanceof AppError) return refusal(error);
          console.error("sandbox control:", error);
          return Response.json({ error: "internal", message: "the world failed" }, { status: 500 });
        }
      },
    });
  const server = await onPreferredPort(options.port, serve);
  return { port: server.port ?? 0, stop: () => server.stop(true) };
}

async function readBody<T extends TSchema>(request: Request, shape: T): Promise<Static<T>> {
  let body: unknown;
  try {
    body = await request.json();
  } catch {
    throw new AppError("malformed", 400, "the body is not JSON");
  }
  if (Value.Check(shape, body)) return body;
  const field = Value.Errors(shape, body).First()?.path.slice(1) ?? "";
  const message = field === "" ? "the body is malformed" : `${field} is malformed or unknown`;
  throw new AppError("malformed", 422, message, field === "" ? {} : { field });
}

function refusal({ code, status, message, extra }: AppError): Response {
  return Response.json({ error: code, message, ...extra }, { status });
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
