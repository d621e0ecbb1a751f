import type { Static } from "@sinclair/typebox";
import { Elysia, t } from "elysia";
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import { problem, refusal } from "../routes/shapes.ts";
import type { Advance } from "./advance.ts";
import type { MovableClock } from "./clock.ts";
import { FaultChange, type WorldControl, WorldPayment, WorldState } from "./world-control.ts";

const SECOND_MS = 1000;
const ADVANCE_SECONDS_MAX = 400 * 86_400;
/** What a browser says of requests that our own pages make, and of an address that somebody typed. */
const OWN = new Set(["same-origin", "none"]);
const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/;

/** The keys with which a page logs in by one click, and the wallet that it connects by another. */
export type SandboxAccess = { tenant_nsec: string; admin_nsec: string; tenant_nwc_url: string };

const { now: _now, offset_ms: _offset, faults, ...world } = WorldState.properties;
const state = t.Object({
  mode: t.Literal("sandbox"),
  now: t.Integer({ description: "the sandbox's clock, unix seconds" }),
  ahead_seconds: t.Integer({ description: "how far that is ahead of real time" }),
  ...world,
  faults: t.Unsafe<Static<typeof faults>>(faults),
  relay_domain: t.String(),
  zooid_url: t.String(),
  relay_url: t.Union([t.String(), t.Null()]),
  pid: t.Integer(),
  tenant_nsec: t.String({ description: "keys of this sandbox alone, made for it" }),
  admin_nsec: t.String(),
  tenant_nwc_url: t.String(),
});
const moved = t.Object({
  complete: t.Boolean({ description: "whether all that was due has happened" }),
  now: t.Integer({ description: "how far it came, unix seconds" }),
  stops: t.Integer(),
  open: t.Array(t.String(), { description: "what was still in flight there" }),
});
const foreign = refusal("foreign_host", "foreign_origin");

/**
 * Control of the sandbox, and its keys. Refuses whatever a page of another origin, or of another name,
 * sends. A script or a frame of such a page says no Origin, but browsers say where it comes from.
 * @see https://www.w3.org/TR/fetch-metadata/
 */
export const sandboxRoutes = (parts: {
  control: WorldControl;
  advance: Advance;
  clock: MovableClock;
  config: Config;
  access: SandboxAccess;
}) => {
  const { control, advance, clock, config, access } = parts;

  const presentState = async () => {
    const { now: _, offset_ms: __, ...world } = await control.state();
    return {
      mode: "sandbox" as const,
      now: Math.floor(clock.now() / SECOND_MS),
      ahead_seconds: Math.round((clock.now() - Date.now()) / SECOND_MS),
      ...world,
      relay_domain: config.relayDomain,
      zooid_url: config.zooidRelayUrl,
      relay_url: config.indexerRelays[0] ?? null,
      pid: process.pid,
      ...access,
    };
  };

  return new Elysia({ name: "sandbox", prefix: "/sandbox", detail: { tags: ["sandbox"] } })
    .onBeforeHandle({ as: "scoped" }, ({ request, set }) => {
      const host = request.headers.get("host") ?? "";
      const origin = request.headers.get("origin");
      if (!LOOPBACK.test(host))
        throw new AppError("foreign_host", 403, "the sandbox is controlled from this machine");
      if (origin !== null && origin !== `http://${host}`) throw foreignOrigin();
      // Another port of this machine is another origin, although the same site.
      if (!OWN.has(request.headers.get("sec-fetch-site") ?? "none")) throw foreignOrigin();
      set.headers["cache-control"] = "no-store";
      set.headers["cross-origin-resource-policy"] = "same-origin";
    })
    .get("", presentState, {
      response: { 200: state, 403: foreign },
      detail: {
        summary: "The state of the sandbox, and its keys",
        description:
          "Play money and keys made for this sandbox: a page logs in with them by a click.",
      },
    })
    .post(
      "/clock",
      async ({ body, request, server }) => {
        // An advance may take longer than a silent connection is kept.
        server?.timeout(request, 0);
        const { reached, ...advanced } = await advance.by(body.advance_seconds * SECOND_MS);
        return { now: Math.floor(reached / SECOND_MS), ...advanced };
      },
      {
        body: t.Object(
          {
            advance_seconds: t.Integer({
              minimum: 1,
              maximum: ADVANCE_SECONDS_MAX,
              description: `whole seconds, 1 to ${ADVANCE_SECONDS_MAX}`,
            }),
          },
          { additionalProperties: false },
        ),
        response: { 200: moved, 403: foreign, 409: refusal("clock_is_moving"), 422: problem },
        detail: { summary: "Move time forward, stopping at each alarm" },
      },
    )
    .post("/pay", ({ body }) => control.pay(body.bolt11), {
      body: t.Object({ bolt11: t.String({ maxLength: 4096 }) }, { additionalProperties: false }),
      response: {
        200: WorldPayment,
        403: foreign,
        404: refusal("unknown"),
        409: refusal("expired", "already_paid", "insufficient_balance"),
        422: refusal("invalid", "malformed"),
      },
      detail: { summary: "Pay a bolt11 from the tenant's wallet" },
    })
    .post(
      "/faults",
      async ({ body }) => {
        await control.faults(body);
        return presentState();
      },
      {
        body: FaultChange,
        response: { 200: state, 403: foreign, 422: problem },
        detail: { summary: "Switch faults on and off" },
      },
    );
};

const foreignOrigin = (): AppError =>
  new AppError("foreign_origin", 403, "the sandbox is controlled by its own pages");
