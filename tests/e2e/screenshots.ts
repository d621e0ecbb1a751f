/** `bun run screenshots`: every page in its states, wide and narrow, light and dark, into `screenshots/`. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Page } from "playwright-core";
import { startSandbox } from "../../server/sandbox/sandbox.ts";
import { launchChromium } from "./chromium.ts";
import { sceneWorld } from "./scene-world.ts";
import { type Scene, scenes } from "./scenes.ts";
import { visit } from "./visitor.ts";

const { values } = parseArgs({
  options: { only: { type: "string" }, out: { type: "string", default: "screenshots" } },
});
const out = join(import.meta.dir, "../..", values.out);
if (!values.only) rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const [sandbox, browser] = await Promise.all([
  startSandbox({ port: 0, dataDir: null }),
  launchChromium(),
]);
try {
  const world = sceneWorld(sandbox.info);
  for (const scene of scenes.filter(({ name }) => name.includes(values.only ?? ""))) {
    const tenant = scene.tenant ? await world.tenant(scene.tenant) : null;
    for (const colorScheme of ["light", "dark"] as const)
      for (const width of [1280, 390]) {
        const { page, context } = await visit(browser, sandbox.info.url, {
          colorScheme,
          width,
          ...(tenant ? { loggedIn: true, secretKey: tenant.secretKey } : {}),
        });
        await show(page, scene, tenant?.ids ?? {});
        await page.screenshot({
          path: join(out, `${scene.name}-${width}-${colorScheme}.png`),
          fullPage: true,
        });
        await context.close();
      }
    console.log(scene.name);
  }
} finally {
  await browser.close();
  await sandbox.stop();
}
process.exit(0);

async function show(page: Page, scene: Scene, ids: Record<string, string>): Promise<void> {
  await scene.before?.(page);
  await page.goto(scene.path.replace(/:(\w+)/g, (_, id: string) => ids[id] ?? ""));
  await scene.until(page);
  await page.evaluate(() => document.fonts.ready);
  // The sandbox's bar stays with the window: in the middle of a picture of a whole page.
  await page.locator("aside[aria-label=Sandbox]").evaluateAll((bars) => {
    for (const bar of bars) bar.remove();
  });
}
