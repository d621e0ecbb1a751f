/** Whether a subdomain is free, asked for while it is typed. Public: nobody is asked to sign. */
import { createEffect, createSignal, on, onCleanup } from "solid-js";
import { subdomainProblem } from "../../../machines/names.ts";
import { ApiProblem, api, ask } from "../api/api.ts";

export type Availability =
  /** Nothing to say: it is empty. */
  | { is: "empty" }
  /** What it is called now, or a name that is kept for who asks. */
  | { is: "own" | "kept" }
  /** What is typed is no name yet; `words` say what it lacks. */
  | { is: "unfinished"; words: string }
  | { is: "checking" | "free" }
  /** `isQuarantined`: it is kept for its former owner. */
  | { is: "refused"; words: string; isQuarantined?: boolean }
  /** It could not be asked. `words` say what happens now. */
  | { is: "unknown"; words: string };

const PAUSE_MS = 250;

/**
 * Follows a name. Within a component or root.
 * @param own - what it is called now, which need not be free
 * @param kept - names that are quarantined for everybody else
 */
export function createAvailability(
  name: () => string,
  own: () => string | undefined = () => undefined,
  kept: () => readonly string[] = () => [],
): () => Availability {
  const [answer, setAnswer] = createSignal<Availability>({ is: "empty" });
  let timer = 0;
  let asking = new AbortController();

  function stop(): void {
    clearTimeout(timer);
    asking.abort();
    asking = new AbortController();
  }
  function later(waitMs: number): void {
    const { signal } = asking;
    timer = window.setTimeout(() => void check(signal), waitMs);
  }
  async function check(signal: AbortSignal): Promise<void> {
    const asked = name();
    try {
      const said = await ask(api.subdomains({ name: asked }).get({ fetch: { signal } }));
      if (signal.aborted) return;
      if (said.available) setAnswer({ is: "free" });
      else
        setAnswer({
          is: "refused",
          words: clause(said.detail ?? "choose another name"),
          isQuarantined: said.reason === "subdomain_quarantined",
        });
    } catch (error) {
      if (signal.aborted) return;
      setAnswer({ is: "unknown", words: whyUnknown(error) });
      if (error instanceof ApiProblem && error.retryAfterSeconds !== null)
        later(error.retryAfterSeconds * 1000);
    }
  }
  const again = (): void => {
    if (answer().is !== "unknown") return;
    stop();
    later(0);
  };

  createEffect(
    on([name, own], ([typed, present]) => {
      stop();
      if (typed === "") return setAnswer({ is: "empty" });
      if (typed === present) return setAnswer({ is: "own" });
      const problem = subdomainProblem(typed);
      if (problem)
        return setAnswer({
          is: problem.code === "subdomain_too_short" ? "unfinished" : "refused",
          words: clause(problem.fix),
        });
      setAnswer({ is: "checking" });
      later(PAUSE_MS);
    }),
  );
  addEventListener("online", again);
  onCleanup(() => {
    stop();
    removeEventListener("online", again);
  });
  // Which names are kept may be known later than the answer.
  return () => {
    const now = answer();
    const isKept = now.is === "refused" && now.isQuarantined && kept().includes(name());
    return isKept ? { is: "kept" } : now;
  };
}

/** The server's clauses begin small and end without a point. */
const clause = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

function whyUnknown(error: unknown): string {
  if (!(error instanceof ApiProblem)) return "The name could not be checked. It is when you save.";
  if (error.code === "offline") return "You are offline. The name is checked when you are back.";
  if (error.retryAfterSeconds !== null)
    return `Too many checks. This one goes on in ${error.retryAfterSeconds} s.`;
  return "The name could not be checked. It is when you save.";
}
