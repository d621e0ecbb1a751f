/** What somebody is typing, kept in this browser until it is done: through errors, reloads and logins. */
import { createEffect } from "solid-js";
import { createStore, type SetStoreFunction } from "solid-js/store";

/**
 * A store that survives a reload. Within a component or root.
 * @param empty - what it starts as; a kept draft of another shape is not taken
 */
export function createDraft<T extends Record<string, string | boolean | null>>(
  key: string,
  empty: T,
): { draft: T; set: SetStoreFunction<T>; forget: () => void } {
  const [draft, set] = createStore<T>({ ...empty, ...kept(key, empty) });
  let isOver = false;
  createEffect(() => {
    const text = JSON.stringify(draft);
    if (isOver) return;
    try {
      localStorage.setItem(key, text);
    } catch {
      // Storage is off or full: it lasts as long as this page.
    }
  });
  return {
    draft,
    set,
    forget() {
      isOver = true;
      localStorage.removeItem(key);
    },
  };
}

function kept<T extends Record<string, unknown>>(key: string, empty: T): Partial<T> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
    if (typeof value !== "object" || value === null) return {};
    return Object.fromEntries(
      Object.entries(value).filter(
        ([name, field]) =>
          name in empty &&
          (field === null || empty[name] === null || typeof field === typeof empty[name]),
      ),
    ) as Partial<T>;
  } catch {
    return {};
  }
}
