/** What was typed over what the server has, and not stored yet: kept in this tab through errors and reloads. */
import { createEffect, createSignal } from "solid-js";

type Edits = Record<string, string>;

const read = (key: string): Edits => {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(key) ?? "{}");
    return typeof value === "object" && value !== null ? (value as Edits) : {};
  } catch {
    return {};
  }
};

/**
 * Follows `saved` in whatever was not typed over. Within a component.
 * @param key - of the form. @param saved - what the server has
 */
export function createEdits<T extends Edits>(key: string, saved: () => T) {
  const [typed, setTyped] = createSignal<Edits>(read(key));
  const wasKept = Object.keys(typed()).length > 0;
  const values = (): T => ({ ...saved(), ...typed() });
  createEffect(() => {
    try {
      if (Object.keys(typed()).length === 0) sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, JSON.stringify(typed()));
    } catch {
      // It lasts as long as this page then.
    }
  });
  return {
    values,
    /** Whether something typed before was found again. */
    wasKept,
    /** What differs from what the server has. */
    changed: (): Partial<T> => {
      const now = saved();
      return Object.fromEntries(
        Object.entries(typed()).filter(([field, value]) => value !== now[field]),
      ) as Partial<T>;
    },
    set: (field: keyof T & string, value: string) => setTyped({ ...typed(), [field]: value }),
    forget: () => setTyped({}),
  };
}
