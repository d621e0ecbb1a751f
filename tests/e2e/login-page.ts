import type { Browser, Locator, Page } from "playwright-core";
import { type Visitor, visit } from "./visitor.ts";

type Options = Parameters<typeof visit>[2];

/** A visit that fails where anything went wrong in the page, and ends. */
export const withVisitor =
  (world: () => { browser: Browser; url: string }) =>
  async (options: Options, look: (visitor: Visitor) => Promise<void>): Promise<void> => {
    const { browser, url } = world();
    const visitor = await visit(browser, url, options);
    visitor.page.setDefaultTimeout(8_000);
    try {
      await look(visitor);
      const { problems } = visitor;
      if (problems.length > 0) throw new Error(`the page complained:\n${problems.join("\n")}`);
    } finally {
      await visitor.context.close();
    }
  };

type Name = string | RegExp;
const exactly = (name: Name) => ({ name, exact: typeof name === "string" });

export const heading = (page: Page, name: Name): Locator =>
  page.getByRole("heading", exactly(name));
export const button = (page: Page, name: Name): Locator => page.getByRole("button", exactly(name));
/** By how it begins: a link of the list says what it is for, too. */
export const link = (page: Page, name: Name): Locator => page.getByRole("link", { name });
export const fill = (page: Page, label: Name, text: string): Promise<void> =>
  page.getByLabel(label, { exact: typeof label === "string" }).fill(text);
export const says = (page: Page, role: "alert" | "status", words: string): Promise<void> =>
  page.getByRole(role).filter({ hasText: words }).waitFor();

export async function logOut(page: Page): Promise<void> {
  await button(page, /^You:/).click();
  await page.getByRole("menuitem", { name: "Log out" }).click();
  // Who signs by a key of this browser is asked first whether they have it.
  const isAsked = await page.evaluate(() => {
    const kept = sessionStorage.getItem("berth.login") ?? localStorage.getItem("berth.login");
    return (JSON.parse(kept ?? "{}") as { method?: string }).method === "key";
  });
  if (isAsked) await button(page, "I have it: log out").click();
  await page.waitForURL((url) => url.pathname === "/");
}

/** All that a browser keeps of us, as text: local and session storage, and what is in IndexedDB, bytes in hex. */
export const stored = (page: Page): Promise<string> =>
  page.evaluate(async () => {
    const settled = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const hex = (value: unknown): unknown => {
      const bytes = value instanceof ArrayBuffer ? new Uint8Array(value) : value;
      if (!(bytes instanceof Uint8Array)) return value;
      const text = new TextDecoder().decode(bytes);
      return `${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")} ${text}`;
    };
    const databases: unknown[] = [];
    for (const { name } of await indexedDB.databases()) {
      const database = await settled(indexedDB.open(name ?? ""));
      for (const store of database.objectStoreNames) {
        const objects = database.transaction(store).objectStore(store);
        const [keys, values] = [
          await settled(objects.getAllKeys()),
          await settled(database.transaction(store).objectStore(store).getAll()),
        ];
        databases.push({ store, keys, values });
        for (const value of values)
          if (value instanceof CryptoKey && value.extractable)
            throw new Error("a key can be read out");
      }
      database.close();
    }
    const text = JSON.stringify(
      [{ ...localStorage }, { ...sessionStorage }, databases],
      (_, value) => hex(value),
    );
    return text;
  });
