import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { planIds, plans } from "../../machines/plans.ts";
import { launchChromium } from "../e2e/chromium.ts";
import { drawn } from "../e2e/stage.ts";
import { startPages } from "./fixture.ts";

// A browser on a busy machine.
setDefaultTimeout(60_000);

const HOME_BYTES = 60_000;

let pages: Awaited<ReturnType<typeof startPages>>;
let browser: Browser;
beforeAll(async () => {
  pages = await startPages();
  browser = await launchChromium();
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await pages?.stop();
});

type Look = (page: Page, asked: string[]) => Promise<void>;
type Options = BrowserContextOptions & { before?: (page: Page) => Promise<unknown> };

/** A page of its own; it fails where anything was asked of another origin, or the console complained. */
async function visit(path: string, options: Options, look: Look): Promise<void> {
  const { before, ...settings } = options;
  const context = await browser.newContext({
    baseURL: pages.url,
    reducedMotion: "reduce",
    ...settings,
  });
  try {
    const page = await context.newPage();
    const complaints: string[] = [];
    const foreign: string[] = [];
    const asked: string[] = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(`${settings.baseURL ?? pages.url}/`))
        foreign.push(request.url());
      asked.push(new URL(request.url()).pathname);
    });
    page.setDefaultTimeout(15_000);
    await before?.(page);
    await page.goto(path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await look(page, asked);
    expect(foreign).toEqual([]);
    expect(complaints).toEqual([]);
  } finally {
    await context.close();
  }
}

const life = (page: Page) => page.getByRole("region", { name: "A relay's life" });
/** The state that is lit, as a screen reader is told. */
const lit = (page: Page, state: string) =>
  life(page).locator("[aria-current=step]").filter({ hasText: state });

test.each([
  ["/", 1280, "light"],
  ["/", 1280, "dark"],
  ["/", 390, "light"],
  ["/", 390, "dark"],
  // A long page: what differs by width and what differs by colour are seen in two looks.
  ["/openapi", 1280, "light"],
  ["/openapi", 390, "dark"],
] as const)(
  "%s has nothing that axe objects to, %i px wide, %s",
  async (path, width, colorScheme) => {
    await visit(path, { colorScheme, viewport: { width, height: 844 } }, async (page) => {
      for (const question of await page.locator("summary").all()) await question.click();
      const { violations } = await new AxeBuilder({ page })
        .options({ resultTypes: ["violations"] })
        .analyze();
      expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
    });
  },
);

test.each(["/", "/openapi"])("%s never scrolls sideways, from 320 px up", async (path) => {
  await visit(path, {}, async (page) => {
    for (const width of [320, 390, 600, 768, 861, 1024, 1280]) {
      await page.setViewportSize({ width, height: 844 });
      await drawn(page);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect([width, overflow]).toEqual([width, 0]);
    }
  });
});

test("a first visit transfers no more JavaScript than we allow ourselves, and asks for nothing else", async () => {
  await visit("/", {}, async (page, asked) => {
    await page.waitForLoadState("networkidle");
    const scripts = await page.evaluate(() =>
      performance
        .getEntriesByType("resource")
        .map((entry) => entry as PerformanceResourceTiming)
        .filter(({ name }) => name.endsWith(".js"))
        .map(({ name, encodedBodySize }) => ({ name, encodedBodySize })),
    );
    const bytes = scripts.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
    expect(scripts.length).toBeGreaterThan(2);
    for (const { encodedBodySize } of scripts) expect(encodedBodySize).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(HOME_BYTES);
    const others = asked.filter((path) => !/^\/(?:assets\/.+|theme\.js|mark\.svg|)$/.test(path));
    expect(others).toEqual([]);
  });
});

test("the plans are those of the catalogue, and each leads to a new relay of it", async () => {
  await visit("/", {}, async (page) => {
    for (const id of planIds) {
      const plan = page.locator(`[data-plan=${id}]`);
      await plan.getByRole("heading", { name: plans[id].name }).waitFor();
      const price = plans[id].priceSats.toLocaleString("en-US");
      expect(await plan.locator("strong").textContent()).toBe(price);
      expect(await plan.getByRole("link").getAttribute("href")).toBe(`/relays/new?plan=${id}`);
    }
  });
});

test("without a wallet and a server for calls no page sells them", async () => {
  const bare = await startPages(undefined, { NWC_URL: "" });
  try {
    await visit("/", { baseURL: bare.url }, async (page) => {
      const basic = page.locator("[data-plan=basic]");
      await basic.getByText("Not available here yet").waitFor();
      expect(await basic.getByRole("link").count()).toBe(0);
      expect(await page.locator("[data-plan=free]").getByRole("link").count()).toBe(1);
      expect(await page.getByText(/LiveKit|calls/i).count()).toBe(0);
    });
  } finally {
    await bare.stop();
  }
});

test("the way in is there for a visitor, and the way back for who is logged in", async () => {
  const hrefOf = (page: Page, name: string) =>
    page.getByRole("banner").getByRole("link", { name }).getAttribute("href");
  await visit("/", {}, async (page) => {
    expect(await hrefOf(page, "Log in")).toBe("/login");
    expect(await hrefOf(page, "Get started")).toBe("/relays/new");
  });
  const login = JSON.stringify({ method: "extension", pubkey: "0b".repeat(32) });
  const before = (page: Page) =>
    page.addInitScript((kept) => localStorage.setItem("berth.login", kept), login);
  await visit("/", { before }, async (page) => {
    expect(await hrefOf(page, "Dashboard")).toBe("/relays");
    expect(await page.getByRole("banner").getByRole("link", { name: "Log in" }).count()).toBe(0);
  });
});

test("a relay's life plays by itself, until it is paused", async () => {
  const before = (page: Page) => page.clock.install();
  await visit("/", { reducedMotion: "no-preference", before }, async (page) => {
    await lit(page, "pending").waitFor();
    for (const state of ["provisioning", "active", "grace", "suspended", "provisioning"]) {
      await page.clock.runFor(state === "grace" ? 4_000 : state === "active" ? 1_400 : 3_000);
      await lit(page, state).waitFor();
    }
    await life(page).getByRole("button", { name: "Pause" }).click();
    await page.clock.runFor(60_000);
    expect(await lit(page, "provisioning").count()).toBe(1);
    await life(page).getByRole("button", { name: "Play" }).click();
    await page.clock.runFor(1_400);
    await lit(page, "active").waitFor();
  });
});

test("a state says what it means when it is chosen, by keyboard alone", async () => {
  await visit("/", {}, async (page) => {
    await life(page)
      .getByRole("button", { name: /^grace/ })
      .focus();
    await page.keyboard.press("Enter");
    await lit(page, "grace").waitFor();
    await life(page)
      .getByText("Pay the renewal before your days of grace end and nothing changes.")
      .waitFor();
    const past = await life(page).getByText("gone through").count();
    expect(past).toBe(3);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await lit(page, "suspended").waitFor();
    await life(page).getByText("your relay is back within seconds").waitFor();
  });
});

test("who wants less motion gets none: a running relay, until they step on", async () => {
  const before = (page: Page) => page.clock.install();
  await visit("/", { before }, async (page) => {
    await lit(page, "active").waitFor();
    await page.clock.runFor(60_000);
    expect(await lit(page, "active").count()).toBe(1);
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
    await life(page).getByRole("button", { name: "Next step" }).click();
    await lit(page, "grace").waitFor();
  });
});

test("what is typed first is the way past the bar", async () => {
  await visit("/", {}, async (page) => {
    await page.keyboard.press("Tab");
    const skip = page.getByRole("button", { name: "Skip to the content" });
    expect(await skip.evaluate((button) => button === document.activeElement)).toBe(true);
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(
      "Create your relay",
    );
  });
});

test("a link to the plans arrives at the plans", async () => {
  await visit("/#plans", {}, async (page) => {
    const top = () => page.locator("#plans").evaluate((h) => h.getBoundingClientRect().top);
    await page.waitForFunction(() => scrollY > 0);
    expect(await top()).toBeGreaterThanOrEqual(0);
    expect(await top()).toBeLessThan(200);
  });
});

test("a chosen theme is there before the first paint of the next visit", async () => {
  await visit("/", { colorScheme: "light" }, async (page) => {
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await paper();
    await page.getByRole("button", { name: "Dark" }).click();
    const dark = await paper();
    expect(dark).not.toBe(light);
    let early = "";
    // Before the app's own script has run.
    await page.route("**/assets/index-*.js", async (route) => {
      await page.waitForFunction(
        () =>
          document.body && getComputedStyle(document.body).backgroundColor !== "rgba(0, 0, 0, 0)",
      );
      early = await paper();
      await route.continue();
    });
    await page.reload();
    await page.getByRole("heading", { level: 1 }).waitFor();
    expect(early).toBe(dark);
  });
});

test("without scripts the page says what it is", async () => {
  const context = await browser.newContext({ baseURL: pages.url, javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto("/");
  expect(await page.locator("noscript").textContent()).toContain("a home port for your community");
  await context.close();
});
