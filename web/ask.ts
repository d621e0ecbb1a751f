/** What became of a question to our own API. `wait` says how long, where we were asked to wait. */
export type Answer<T> =
  | { is: "answer"; body: T }
  | { is: "offline" }
  | { is: "wait"; seconds: number }
  | { is: "failed" };

const PATIENCE_MS = 8_000;

/**
 * GETs JSON from the API. Never throws: whatever goes wrong is an answer that a page can show.
 * The shape is what the route declares.
 */
export async function ask<T>(path: string, signal?: AbortSignal): Promise<Answer<T>> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  try {
    const response = await fetch(path, {
      headers: { accept: "application/json" },
      signal: signal ? AbortSignal.any([signal, patience]) : patience,
    });
    if (response.status === 429)
      return { is: "wait", seconds: Number(response.headers.get("retry-after")) || 60 };
    if (!response.ok) return { is: "failed" };
    return { is: "answer", body: (await response.json()) as T };
  } catch {
    return navigator.onLine ? { is: "failed" } : { is: "offline" };
  }
}

/** The element that a page was promised to have. */
export function element<E extends HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as E;
}

/** Dot and words of a state; `good`, `odd` and `bad` colour both. */
export function tell(
  line: HTMLElement,
  state: "idle" | "busy" | "good" | "odd" | "bad",
  words: string,
): void {
  line.dataset.state = state;
  line.textContent = words;
}
