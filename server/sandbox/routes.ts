import { Elysia, t } from "elysia";
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import type { Advance } from "./advance.ts";
import type { MovableClock } from "./clock.ts";
import { FaultChange, type WorldControl } from "./world-control.ts";

const SECOND_MS = 1000;
const ADVANCE_SECONDS_MAX = 400 * 86_400;
const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/;

/** Control of the sandbox. Refuses whatever a page of another origin, or of another name, sends. */
export const sandboxRoutes = (parts: {
  control: WorldControl;
  advance: Advance;
  clock: MovableClock;
  config: Config;
}) => {
  const { control, advance, clock, config } = parts;

  const state = async () => {
    const { now: _, offset_ms: __, ...world } = await control.state();
    return {
      now: Math.floor(clock.now() / SECOND_MS),
      ahead_seconds: Math.round((clock.now() - Date.now()) / SECOND_MS),
      ...world,
      relay_domain: config.relayDomain,
      zooid_url: config.zooidRelayUrl,
      relay_url: config.indexerRelays[0] ?? null,
      pid: process.pid,
    };
  };

  return new Elysia({ name: "sandbox", prefix: "/sandbox", detail: { tags: ["sandbox"] } })
    .onBeforeHandle({ as: "scoped" }, ({ request }) => {
      const host = request.headers.get("host") ?? "";
      const origin = request.headers.get("origin");
      if (!LOOPBACK.test(host))
        throw new AppError("foreign_host", 403, "the sandbox is controlled from this machine");
      if (origin !== null && origin !== `http://${host}`)
        throw new AppError("foreign_origin", 403, "the sandbox is controlled by its own pages");
    })
    .get("", state, { detail: { summary: "The state of the sandbox" } })
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
        detail: { summary: "Move time forward, stopping at each alarm" },
      },
    )
    .post("/pay", ({ body }) => control.pay(body.bolt11), {
      body: t.Object({ bolt11: t.String({ maxLength: 4096 }) }, { additionalProperties: false }),
      detail: { summary: "Pay a bolt11 from the tenant's wallet" },
    })
    .post(
      "/faults",
      async ({ body }) => {
        await control.faults(body);
        return state();
      },
      { body: FaultChange, detail: { summary: "Switch faults on and off" } },
    );
};
