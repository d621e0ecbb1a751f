import { ask, element, tell } from "./ask.ts";

type Availability = { name: string; available: boolean; detail?: string };

const PAUSE_MS = 250;
const HINT = "3 to 46 lower-case letters, digits and dashes.";

/** Says, while it is typed, whether a name is free; Enter asks at once. */
export function checkAvailability(): void {
  const form = element<HTMLFormElement>("availability");
  const input = element<HTMLInputElement>("subdomain");
  const state = element("subdomain-state");
  let timer = 0;
  let asking = new AbortController();

  async function check(): Promise<void> {
    const { signal } = asking;
    const name = input.value.trim().toLowerCase();
    if (name === "") return tell(state, "idle", HINT);
    tell(state, "busy", `Checking ${name}.`);
    const answer = await ask<Availability>(`/subdomains/${encodeURIComponent(name)}`, signal);
    if (signal.aborted) return;
    if (answer.is === "offline")
      tell(state, "odd", "You are offline. The name is checked when you are back.");
    else if (answer.is === "wait") {
      tell(state, "odd", `Too many checks. This one goes on in ${answer.seconds} s.`);
      later(answer.seconds * 1000);
    } else if (answer.is === "failed")
      tell(state, "bad", "The name could not be checked. Press Enter to ask again.");
    else if (answer.body.available) tell(state, "good", `${name} is free.`);
    else tell(state, "bad", `${name}: ${answer.body.detail ?? "not available"}.`);
  }
  /** What was asked before no longer matters. */
  function later(delayMs: number): void {
    clearTimeout(timer);
    asking.abort();
    asking = new AbortController();
    timer = window.setTimeout(() => void check(), delayMs);
  }

  input.addEventListener("input", () => later(input.value.trim() === "" ? 0 : PAUSE_MS));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    later(0);
  });
  window.addEventListener("online", () => later(0));
  // A browser that comes back to this page keeps what was typed.
  if (input.value !== "") later(0);
}
