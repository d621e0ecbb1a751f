/** What one is called on one's receipts: kept in this browser, and told to nobody. */
import { createSignal } from "solid-js";

const KEPT = "berth.buyer";
const read = (): string => {
  try {
    return localStorage.getItem(KEPT) ?? "";
  } catch {
    return "";
  }
};
const [buyer, set] = createSignal(read());

export { buyer };
export function setBuyer(name: string): void {
  set(name);
  try {
    localStorage.setItem(KEPT, name);
  } catch {
    // A browser that stores nothing.
  }
}
