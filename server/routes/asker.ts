import { createHash } from "node:crypto";
import type { Asker } from "../commands/index.ts";
import { AppError } from "../errors.ts";
import { targetOf } from "../http/edge.ts";
import type { RouteParts } from "./parts.ts";

/** Who sent this POST, and under which Idempotency-Key. @throws AppError 422 for a key that is none. */
export function askerOf({ edge }: RouteParts, request: Request): Asker {
  const pubkey = edge.pubkeyOf(request);
  const key = request.headers.get("idempotency-key");
  if (key === null) return { pubkey, once: null };
  if (!/^[\x21-\x7e]{1,200}$/.test(key))
    throw new AppError("invalid", 422, "use 1–200 printable characters without blanks", {
      field: "Idempotency-Key",
    });
  const hash = createHash("sha256").update(`${request.method} ${targetOf(request.url).pathname}\n`);
  return { pubkey, once: { key, request: hash.update(edge.bodyOf(request) ?? "").digest("hex") } };
}
