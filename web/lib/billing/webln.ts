/** A wallet in the browser. @see https://www.webln.guide */
type WebLn = { enable(): Promise<unknown>; sendPayment(bolt11: string): Promise<unknown> };
declare global {
  interface Window {
    webln?: WebLn;
  }
}

export const hasWebLn = (): boolean => typeof window.webln?.sendPayment === "function";

/**
 * Has the browser's wallet pay. Whether the money arrived, our own wallet says: what this one answers
 * proves nothing.
 * @throws Error when it refuses or fails
 */
export async function payByWebLn(bolt11: string): Promise<void> {
  if (!window.webln) throw new Error("there is no wallet in this browser");
  await window.webln.enable();
  await window.webln.sendPayment(bolt11);
}
