/** `bun run preview`: the picture that links to Berth are shown with, from the marketing page itself. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { startPages } from "../web/fixture.ts";
import { launchChromium } from "./chromium.ts";

const file = join(import.meta.dir, "../../web/public/preview.png");

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
} finally {
  await browser.close();
  await pages.stop();
}
