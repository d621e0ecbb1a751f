import { afterAll, beforeAll, expect, setDefaultTimeout } from "bun:test";
import { AxeBuilder } from "@axe-core/playwright";
import { NWCClient } from "@getalby/sdk/nwc";
import type { Browser, Page } from "playwright-core";
import { type Sandbox, startSandbox } from "../../server/sandbox/sandbox.ts";
import { launchChromium } from "./chromium.ts";
import { signed } from "./signed.ts";
import { type Visitor, visit } from "./visitor.ts";

/** A sandbox and a browser, for all tests of a file. Each test comes with a key of its own. */
export function stage() {
  // A browser on a busy machine.
  setDefaultTimeout(60_000);
  let sandbox: Sandbox;
  let browser: Browser;
  const visitors: (Visitor & { problems: string[] })[] = [];
  beforeAll(async () => {
    [sandbox, browser] = await Promise.all([
      startSandbox({ port: 0, dataDir: null }),
      launchChromium(),
    ]);
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await sandbox?.stop();
    expect(visitors.flatMap(({ problems }) => problems)).toEqual([]);
  });

  const control = async (path: string, body: Record<string, unknown>): Promise<unknown> => {
    const response = await fetch(`${sandbox.info.url}/sandbox/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  return {
    sandbox: () => sandbox,
    url: () => sandbox.info.url,
    /** Opens a browser of one's own; whatever its pages complain of fails the file. */
    async visit(options: Parameters<typeof visit>[2] = {}) {
      const visitor = await visit(browser, sandbox.info.url, options);
      visitor.page.setDefaultTimeout(20_000);
      visitors.push(visitor);
      return visitor;
    },
    /** A signed request of a visitor's, past the page. */
    ask: <T>(visitor: Visitor, method: string, path: string, body?: Record<string, unknown>) =>
      signed<T>(sandbox.info.url, visitor.secretKey, method, path, body),
    pay: (bolt11: string) => control("pay", { bolt11 }),
    /** Pays from the tenant's own wallet (NIP-47), past Berth. */
    async payByWallet(bolt11: string): Promise<void> {
      const client = new NWCClient({ nostrWalletConnectUrl: sandbox.info.tenant_nwc_url });
      await client.payInvoice({ invoice: bolt11 });
      client.close();
    },
    /** @returns what the clock says then, unix seconds */
    advance: (seconds: number) =>
      control("clock", { advance_seconds: seconds }) as Promise<{ now: number }>,
    /** Kills Berth as a power cut would. @returns once another process answers in its place */
    async killBerth(): Promise<void> {
      const { berth } = sandbox.pids();
      process.kill(berth, "SIGKILL");
      const isBack = () =>
        fetch(`${sandbox.info.url}/healthz`).then(
          ({ ok }) => ok,
          () => false,
        );
      while (sandbox.pids().berth === berth || !(await isBack())) await Bun.sleep(20);
    },
    faults: (faults: Record<string, unknown>) => control("faults", faults),
  };
}

/**
 * In the page: once colours are what they are to be. Just after the scheme was changed a button still
 * has, for a frame, those from which it fades.
 */
const settled = async (): Promise<void> => {
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  await Promise.allSettled(document.getAnimations().map(({ finished }) => finished));
};

/** What axe objects to on a page, in both colour schemes. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.evaluate(settled);
    const { violations } = await new AxeBuilder({ page })
      .options({ resultTypes: ["violations"] })
      .analyze();
    const found = violations.map(({ id, nodes }) => [colorScheme, id, nodes[0]?.html]);
    expect(found).toEqual([]);
  }
}

/** Once the page has taken its new size, which a busy browser does a frame late. */
export const drawn = (page: Page): Promise<unknown> =>
  page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  );

/** Nothing hangs out on any width from a small phone up. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const { width = 1280, height = 900 } = page.viewportSize() ?? {};
  for (const narrow of [320, 390, 768]) {
    await page.setViewportSize({ width: narrow, height });
    await drawn(page);
    const hangingOut = await page.evaluate(() => {
      const { clientWidth, scrollWidth } = document.documentElement;
      if (scrollWidth <= clientWidth) return [];
      return [...document.querySelectorAll("body *")]
        .filter((element) => element.getBoundingClientRect().right > clientWidth + 0.5)
        .map((element) => element.outerHTML.slice(0, 160));
    });
    expect({ narrow, hangingOut }).toEqual({ narrow, hangingOut: [] });
  }
  await page.setViewportSize({ width, height });
}
