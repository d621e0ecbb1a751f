import { ask, element, tell } from "./ask.ts";

const EVERY_MS = 60_000;

/** How the service is, asked again each minute that somebody looks. */
export function watchHealth(): void {
  const line = element("health");

  async function look(): Promise<void> {
    const answer = await ask<{ status: "ok" | "degraded" }>("/healthz");
    if (answer.is === "offline") tell(line, "odd", "You are offline.");
    else if (answer.is === "failed") tell(line, "bad", "The service does not answer now.");
    else if (answer.is === "wait") tell(line, "idle", "Asked too often; asking again in a minute.");
    else if (answer.body.status === "ok") tell(line, "good", "Everything is running.");
    else tell(line, "odd", "Running, but something we depend on does not answer. We keep trying.");
  }
  const lookIfSeen = (): void => {
    if (!document.hidden) void look();
  };
  window.setInterval(lookIfSeen, EVERY_MS);
  document.addEventListener("visibilitychange", lookIfSeen);
  window.addEventListener("online", lookIfSeen);
  window.addEventListener("offline", lookIfSeen);
  void look();
}
