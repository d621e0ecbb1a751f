import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** The headless build first: the same engine without a window's weight, twice as fast. */
const NAMES = [
  "chromium-headless-shell",
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
];
const PACKAGES = ["chromium-headless-shell", "chromium"];
const FONTS = "fonts-dejavu-core";
const FIX = `install Chromium (apt-get install ${PACKAGES[0]} ${FONTS}) or set CHROMIUM_PATH`;

/** A headless Chromium of this machine; nothing it does leaves the machine. */
export async function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** CHROMIUM_PATH, else one in PATH, else one installed now. @throws Error naming the fix */
function findChromium(): string {
  const chosen = process.env.CHROMIUM_PATH;
  if (chosen) {
    if (existsSync(chosen)) return chosen;
    throw new Error(`CHROMIUM_PATH names ${chosen}, which does not exist`);
  }
  const found = inPath() ?? (install() ? inPath() : null);
  if (!found) throw new Error(`these tests need a browser: ${FIX}`);
  return found;
}

const inPath = (): string | null =>
  NAMES.map((name) => Bun.which(name)).find((path) => path !== null) ?? null;

/** As root on a Debian, with apt. */
function install(): boolean {
  if (process.getuid?.() !== 0 || !Bun.which("apt-get")) return false;
  const apt = (...args: string[]): boolean =>
    spawnSync("apt-get", args, {
      stdio: "ignore",
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    }).status === 0;
  // Not every release has the headless build.
  const packages = () =>
    PACKAGES.some((name) => apt("install", "-y", "--no-install-recommends", name, FONTS));
  return packages() || (apt("update") && packages());
}
