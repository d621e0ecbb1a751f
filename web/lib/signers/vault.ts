/**
 * What a signer needs to be opened again, sealed: AES-GCM under a key that lives in IndexedDB and
 * cannot be read out of it, not by this page either. So nothing secret stands in plain text, neither in
 * the storage that devices sync nor in a copy of the profile that somebody greps.
 */
import type { Login } from "./signer.ts";

/** `device`: until logout. `tab`: until the tab is closed. */
export type Place = "device" | "tab";
type Sealed = { iv: Uint8Array<ArrayBuffer>; data: ArrayBuffer };

const DATABASE = "berth";
const STORE = "vault";
const WRAP = "wrap";
const SEALED = "sealed";
const IN_TAB = "berth.sealed";
const IV_BYTES = 12;

/** Keeps a secret of a login in place of any other. @throws DOMException where nothing can be stored */
export async function seal(login: Login, secret: string, place: Place): Promise<void> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const sealed: Sealed = {
    iv,
    data: await crypto.subtle.encrypt(
      { name: "AES-GCM", iv, additionalData: bound(login) },
      await wrapKey(),
      new TextEncoder().encode(secret),
    ),
  };
  await forgetSealed();
  if (place === "device") await inStore("readwrite", (store) => store.put(sealed, SEALED));
  else
    sessionStorage.setItem(
      IN_TAB,
      JSON.stringify([toBase64(sealed.iv), toBase64(new Uint8Array(sealed.data))]),
    );
}

/** Puts another secret in the place of the one that is kept, where that was. */
export const reseal = (login: Login, secret: string): Promise<void> =>
  seal(login, secret, sessionStorage.getItem(IN_TAB) === null ? "device" : "tab");

/** The secret of a login; null when it is gone, or is another's. */
export async function unseal(login: Login): Promise<string | null> {
  try {
    const sealed =
      fromTab() ?? (await inStore<Sealed | undefined>("readonly", (s) => s.get(SEALED)));
    const key = await inStore<CryptoKey | undefined>("readonly", (store) => store.get(WRAP));
    if (!sealed || !key) return null;
    const plain = await crypto.subtle.decrypt(
      { name: "AES-GCM", iv: sealed.iv, additionalData: bound(login) },
      key,
      sealed.data,
    );
    return new TextDecoder().decode(plain);
  } catch {
    return null;
  }
}

/** Forgets secrets, and the key that sealed them. */
export async function wipe(): Promise<void> {
  await forgetSealed();
  await inStore("readwrite", (store) => store.clear()).catch(() => {});
}

async function forgetSealed(): Promise<void> {
  try {
    sessionStorage.removeItem(IN_TAB);
  } catch {
    // There was nothing kept.
  }
  await inStore("readwrite", (store) => store.delete(SEALED)).catch(() => {});
}

/** A secret of one login opens for no other. */
const bound = ({ method, pubkey }: Login): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(`${method}:${pubkey}`);

async function wrapKey(): Promise<CryptoKey> {
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, [
    "encrypt",
    "decrypt",
  ]);
  // Another tab may make one at the same time: the first stays.
  await inStore("readwrite", (store) => store.add(made, WRAP)).catch(() => {});
  const key = await inStore<CryptoKey | undefined>("readonly", (store) => store.get(WRAP));
  if (!key) throw new DOMException("nothing can be stored here");
  return key;
}

function fromTab(): Sealed | null {
  const text = sessionStorage.getItem(IN_TAB);
  if (text === null) return null;
  const [iv, data] = JSON.parse(text) as [string, string];
  return { iv: fromBase64(iv), data: fromBase64(data).buffer };
}

async function inStore<T>(
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest,
): Promise<T> {
  const database = await settled<IDBDatabase>(() => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    return opening;
  });
  try {
    return await settled<T>(() => work(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

const settled = <T>(start: () => IDBRequest): Promise<T> =>
  new Promise((resolve, reject) => {
    const request = start();
    request.onsuccess = () => resolve(request.result as T);
    request.onerror = (event) => {
      event.preventDefault();
      reject(request.error);
    };
  });

const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
const fromBase64 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
