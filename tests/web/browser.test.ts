import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { launchChromium } from "../e2e/chromium.ts";
import { startPages } from "./fixture.ts";

// A browser on a busy machine.
setDefaultTimeout(30_000);

let pages: Awaited<ReturnType<typeof startPages>>;
let browser: Browser;
beforeAll(async () => {
  pages = await startPages();
  browser = await launchChromium();
}, 180_000);
afterAll(async () => {
  await browser.close();
  await pages.stop();
});

/** A page of its own; it fails where anything was asked of another origin, or the console complained. */
async function visit(
  path: string,
  options: BrowserContextOptions,
  look: (page: Page, complaints: string[]) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({ baseURL: pages.url, ...options });
  try {
    const page = await context.newPage();
    const complaints: string[] = [];
    const foreign: string[] = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(`${pages.url}/`)) foreign.push(request.url());
    });
    page.setDefaultTimeout(10_000);
    await page.goto(path);
    await look(page, complaints);
    expect(foreign).toEqual([]);
    expect(complaints).toEqual([]);
  } finally {
    await context.close();
  }
}

const plansOf = (page: Page) => page.locator(".plan h3").allInnerTexts();
const says = (page: Page, id: string, words: string) =>
  page.locator(`#${id}`).filter({ hasText: words }).waitFor();

const schemes = ["light", "dark"] as const;

describe.each(schemes)("in %s", (colorScheme) => {
  test.each([
    ["/", 1280],
    ["/", 390],
    ["/relays", 390],
    ["/openapi", 1280],
  ])("%s has nothing that axe objects to, %i px wide", async (path, width) => {
    const viewport = { width, height: 844 };
    await visit(path, { colorScheme, reducedMotion: "reduce", viewport }, async (page) => {
      if (path !== "/openapi") await says(page, "health", "Everything is running.");
      if (path === "/") {
        await page.locator(".plan h3").first().waitFor();
        await page.fill("#subdomain", width === 390 ? "admin" : "bookclub");
        await says(page, "subdomain-state", width === 390 ? "is reserved" : "bookclub is free.");
      }
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
    });
  });
});

test.each(["/", "/openapi"])("%s never scrolls sideways, from 320 px up", async (path) => {
  await visit(path, {}, async (page) => {
    for (const width of [320, 390, 600, 861, 1280]) {
      await page.setViewportSize({ width, height: 844 });
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect([width, overflow]).toEqual([width, 0]);
    }
  });
});

test("the plans are those that the server sells", async () => {
  await visit("/", {}, async (page) => {
    await page.locator(".plan h3").first().waitFor();
    expect(await plansOf(page)).toEqual(["Free", "Basic", "Growth"]);
    expect(await page.locator(".plan strong").allInnerTexts()).toEqual(["0", "10,000", "50,000"]);
    expect(await page.locator("#catalogue-state").isVisible()).toBe(false);
    expect(await page.locator("#catalogue-retry").isVisible()).toBe(false);
  });
});

test("a name is checked by keyboard alone, while it is typed", async () => {
  await visit("/", {}, async (page) => {
    const stops: string[] = [];
    for (let presses = 0; presses < 12 && stops.at(-1) !== "subdomain"; presses++) {
      await page.keyboard.press("Tab");
      stops.push(await page.evaluate(() => document.activeElement?.id ?? ""));
    }
    expect(stops.at(-1)).toBe("subdomain");
    await page.keyboard.type("Bookclub");
    await says(page, "subdomain-state", "bookclub is free.");
    await page.keyboard.press("ControlOrMeta+A");
    await page.keyboard.type("admin");
    await says(page, "subdomain-state", "this name is reserved; choose another");
    await page.keyboard.press("Backspace");
    await page.keyboard.press("Enter");
    await says(page, "subdomain-state", "admi is free.");
    expect(page.url()).toBe(`${pages.url}/`);
  });
});

test("only the name that was typed last is answered", async () => {
  await visit("/", {}, async (page) => {
    await page.route("**/subdomains/slow", async (route) => {
      await answered;
      await route.continue().catch(() => undefined);
    });
    let release = (): void => undefined;
    const answered = new Promise<void>((resolve) => {
      release = resolve;
    });
    const told: string[] = [];
    await page.exposeFunction("tellTest", (words: string) => told.push(words));
    await page.evaluate(() => {
      const line = document.getElementById("subdomain-state");
      const { tellTest } = window as unknown as { tellTest: (words: string) => void };
      if (line)
        new MutationObserver(() => tellTest(line.textContent ?? "")).observe(line, {
          childList: true,
        });
    });
    const asked = page.waitForRequest("**/subdomains/slow");
    await page.fill("#subdomain", "slow");
    await asked;
    await says(page, "subdomain-state", "Checking slow.");
    await page.fill("#subdomain", "quick");
    await says(page, "subdomain-state", "quick is free.");
    release();
    await page.waitForLoadState("networkidle");
    expect(told).toEqual(["Checking slow.", "Checking quick.", "quick is free."]);
  });
});

test("without a network the page says so, and goes on when it is back", async () => {
  await visit("/", {}, async (page, complaints) => {
    await says(page, "health", "Everything is running.");
    await page.context().setOffline(true);
    await says(page, "health", "You are offline.");
    await page.fill("#subdomain", "bookclub");
    await says(page, "subdomain-state", "You are offline.");
    await page.context().setOffline(false);
    await says(page, "subdomain-state", "bookclub is free.");
    await says(page, "health", "Everything is running.");
    // The browser itself notes each request that found no network.
    expect(complaints.every((text) => text.includes("ERR_INTERNET_DISCONNECTED"))).toBe(true);
    complaints.length = 0;
  });
});

test("plans that could not be loaded are loaded again on demand", async () => {
  const context = await browser.newContext({ baseURL: pages.url });
  const page = await context.newPage();
  await page.route("**/plans", (route) => route.abort());
  await page.goto("/");
  await says(page, "catalogue-state", "could not be loaded");
  await page.unroute("**/plans");
  await page.locator("#catalogue-retry").press("Enter");
  await page.locator(".plan h3").first().waitFor();
  expect(await plansOf(page)).toHaveLength(3);
  expect(await page.locator("#catalogue-retry").isVisible()).toBe(false);
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("plans-title");
  await context.close();
});

test("a page that is not there yet says so, and the home page does not", async () => {
  await visit("/relays/new", {}, (page) => says(page, "elsewhere", "not here yet"));
  await visit("/", {}, async (page) => {
    await says(page, "health", "Everything is running.");
    expect(await page.locator("#elsewhere").isVisible()).toBe(false);
  });
});

test("who wants less motion gets none", async () => {
  await visit("/", { reducedMotion: "reduce" }, async (page) => {
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
  });
});
