/**
 * `bun run preview`: the picture that links to Berth are shown with, from the marketing page itself, and the
 * mark as the icon that browsers ask for by that name.
 */
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startPages } from "../web/fixture.ts";
import { launchChromium } from "./chromium.ts";

const folder = join(import.meta.dir, "../../web/public");
const file = join(folder, "preview.png");
const ICON_PIXELS = 32;

/** The promise and the machine, without what could be clicked. */
const STYLES = `
  html { overflow: hidden; }
  body { zoom: 1.1; }
  header.page, main > div:first-child { width: 1004px; }
  header.page { padding-top: 16px; }
  main > div:first-child { grid-template-columns: 1fr 408px; gap: 48px; padding-top: 52px; }
  header nav, footer, main > section { display: none; }
  main > div:first-child > div > div, main [data-slot="machine"] + div { display: none; }
`;

const pages = await startPages("spaces.coracle.social");
const browser = await launchChromium();
try {
  const context = await browser.newContext({
    viewport: { width: 1200, height: 630 },
    reducedMotion: "reduce",
    colorScheme: "light",
    bypassCSP: true,
  });
  const page = await context.newPage();
  await page.goto(pages.url);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.addStyleTag({ content: STYLES });
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: file });
  console.log(`${file}: ${statSync(file).size} bytes`);
  await page.setViewportSize({ width: ICON_PIXELS, height: ICON_PIXELS });
  await page.goto(`${pages.url}/mark.svg`);
  writeFileSync(
    join(folder, "favicon.ico"),
    iconOf(await page.screenshot({ omitBackground: true })),
  );
} finally {
  await browser.close();
  await pages.stop();
}

/** One PNG as an icon file: a header of 6 bytes, an entry of 16, the picture. */
function iconOf(png: Buffer): Buffer {
  const head = Buffer.alloc(22);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(1, 4);
  head.writeUInt8(ICON_PIXELS, 6);
  head.writeUInt8(ICON_PIXELS, 7);
  head.writeUInt16LE(1, 10);
  head.writeUInt16LE(32, 12);
  head.writeUInt32LE(png.length, 14);
  head.writeUInt32LE(head.length, 18);
  return Buffer.concat([head, png]);
}
