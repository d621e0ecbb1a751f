import { createSignal } from "solid-js";

export type Theme = "system" | "light" | "dark";
const KEPT = "berth.theme";

const kept = (): Theme => {
  const value = document.documentElement.dataset.theme;
  return value === "light" || value === "dark" ? value : "system";
};
const [theme, setSignal] = createSignal<Theme>(kept());

export { theme };

/** Kept in this browser; `theme.js` applies it before the first paint. */
export function setTheme(next: Theme): void {
  setSignal(next);
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    if (next === "system") localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, next);
  } catch {
    // It lasts as long as this page then.
  }
}
