/** Who is logged in, in this browser. There is no session on the server: each request is signed. */
import { createSignal } from "solid-js";
import {
  type EventTemplate,
  type Login,
  type SignedEvent,
  type Signer,
  SignerProblem,
} from "./signer.ts";

const KEPT = "berth.login";
/** Tells every tab, those too whose login is theirs alone, that somebody logged out. */
const LEFT = "berth.left";
/** Under which forms keep what is being typed. */
const TYPED = /^berth\.(?:new-relay$|buyer$|edit\.)/;

const [login, setLogin] = createSignal<Login | null>(kept());
const [lapsed, setLapsed] = createSignal<string | null>(null);
let signer: Promise<Signer> | null = null;

/** Who is logged in; null for a visitor. And why a login ended by itself, in words; null when none did. */
export { lapsed, login };

/** This tab's own login goes before the browser's. */
function kept(): Login | null {
  try {
    const text = sessionStorage.getItem(KEPT) ?? localStorage.getItem(KEPT);
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

/**
 * Logs in by a signer that has just shown that it works.
 *
 * @param options.keep - on this device; otherwise it ends with this tab
 */
export function enter(opened: Signer, { keep = true }: { keep?: boolean } = {}): void {
  dropSigner();
  signer = Promise.resolve(opened);
  const entered = { method: opened.method, pubkey: opened.pubkey };
  write(() => {
    const text = JSON.stringify(entered);
    if (keep) {
      localStorage.setItem(KEPT, text);
      sessionStorage.removeItem(KEPT);
    } else {
      sessionStorage.setItem(KEPT, text);
      localStorage.removeItem(KEPT);
    }
  });
  setLapsed(null);
  setLogin(entered);
}

/** Logs out, here and in every other tab, and forgets what signers kept. */
export async function leave(): Promise<void> {
  end();
  forgetTyped();
  write(() => localStorage.setItem(LEFT, String(Date.now())));
  const { forgetSigners } = await import("./open.ts");
  await forgetSigners();
}

function end(): void {
  dropSigner();
  write(() => {
    localStorage.removeItem(KEPT);
    sessionStorage.removeItem(KEPT);
  });
  setLogin(null);
}

/** What somebody had not sent yet is not for the next who logs in here. */
function forgetTyped(): void {
  write(() => {
    for (const storage of [localStorage, sessionStorage])
      for (const key of Object.keys(storage)) if (TYPED.test(key)) storage.removeItem(key);
  });
}

function dropSigner(): void {
  signer?.then(
    (opened) => opened.close(),
    () => {},
  );
  signer = null;
}

/** Where nothing can be stored, a login lasts as long as the page. */
function write(change: () => void): void {
  try {
    change();
  } catch {
    // A browser that stores nothing.
  }
}

/** One question at a time: extensions and people answer badly to several. */
let last: Promise<unknown> = Promise.resolve();
let questions = 0;
/** What waited behind a question that was not answered is not asked: it would wait as long again. */
let unanswered: { upTo: number; why: SignerProblem } | null = null;

/**
 * Has an event signed by who is logged in.
 *
 * @param template - or what makes it when its turn comes, so that its time is that of the signing
 * @throws SignerProblem
 */
export function sign(template: EventTemplate | (() => EventTemplate)): Promise<SignedEvent> {
  const mine = ++questions;
  const result = last.then(async () => {
    if (unanswered && mine <= unanswered.upTo) throw unanswered.why;
    const opened = await currentSigner();
    try {
      return await opened.sign(typeof template === "function" ? template() : template);
    } catch (error) {
      if (error instanceof SignerProblem && error.code === "silent")
        unanswered = { upTo: questions, why: error };
      throw error;
    }
  });
  last = result.catch(() => {});
  return result;
}

async function currentSigner(): Promise<Signer> {
  const who = login();
  if (!who) throw new SignerProblem("absent", "You are logged out. Log in to go on.");
  signer ??= import("./open.ts").then(({ openSigner }) => openSigner(who));
  const opening = signer;
  try {
    return await opening;
  } catch (error) {
    // The next request tries again: an extension may be unlocked by then.
    if (signer === opening) signer = null;
    if (error instanceof SignerProblem && error.code === "lost_key") {
      setLapsed(error.message);
      end();
    }
    throw error;
  }
}

// Another tab logged in or out. What it wrote is not ours to change: it may log in again meanwhile.
window.addEventListener("storage", ({ key }) => {
  const isOut = key === LEFT || key === null;
  if (isOut) write(() => sessionStorage.removeItem(KEPT));
  else if (key !== KEPT || sessionStorage.getItem(KEPT) !== null) return;
  dropSigner();
  setLogin(kept());
  if (isOut) forgetTyped();
});
