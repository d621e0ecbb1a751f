/** Who is logged in, in this browser. There is no session on the server: each request is signed. */
import { createSignal } from "solid-js";
import type { EventTemplate, Method, SignedEvent, Signer } from "./signer.ts";

/** What is kept of a login. Secrets are not in it: each signer keeps its own, sealed. */
export type Login = { method: Method; pubkey: string };

const KEPT = "berth.login";
const [login, setLogin] = createSignal<Login | null>(kept());
let signer: Promise<Signer> | null = null;

/** Who is logged in; null for a visitor. */
export { login };

function kept(): Login | null {
  try {
    const text = localStorage.getItem(KEPT);
    const value: unknown = text === null ? null : JSON.parse(text);
    return isLogin(value) ? value : null;
  } catch {
    return null;
  }
}

function isLogin(value: unknown): value is Login {
  const { method, pubkey } = (value ?? {}) as Partial<Login>;
  return (
    (method === "extension" || method === "remote" || method === "key") &&
    /^[0-9a-f]{64}$/.test(pubkey ?? "")
  );
}

/** Logs in by a signer that has just shown that it works. */
export function enter(opened: Signer): void {
  signer = Promise.resolve(opened);
  const entered = { method: opened.method, pubkey: opened.pubkey };
  try {
    localStorage.setItem(KEPT, JSON.stringify(entered));
  } catch {
    // It lasts as long as this page then.
  }
  setLogin(entered);
}

/** Logs out, here and in every other tab, and forgets what signers kept. */
export async function leave(): Promise<void> {
  const closing = signer;
  signer = null;
  try {
    localStorage.removeItem(KEPT);
  } catch {
    // There was nothing kept.
  }
  setLogin(null);
  const { forgetSigners } = await import("./signers/open.ts");
  await forgetSigners();
  await closing?.then(
    (opened) => opened.close(),
    () => {},
  );
}

/** One question at a time: extensions and people answer badly to several. */
let last: Promise<unknown> = Promise.resolve();

/** Has an event signed by who is logged in. @throws SignerProblem */
export function sign(template: EventTemplate): Promise<SignedEvent> {
  const result = last.then(async () => (await currentSigner()).sign(template));
  last = result.catch(() => {});
  return result;
}

async function currentSigner(): Promise<Signer> {
  const who = login();
  if (!who) throw new Error("nobody is logged in");
  signer ??= import("./signers/open.ts").then(({ openSigner }) => openSigner(who));
  try {
    return await signer;
  } catch (error) {
    // The next request tries again: an extension may be unlocked by then.
    signer = null;
    throw error;
  }
}

// Another tab logged in or out.
window.addEventListener("storage", (event) => {
  if (event.key !== KEPT && event.key !== null) return;
  signer = null;
  setLogin(kept());
});
