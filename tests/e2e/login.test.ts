import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { AxeBuilder } from "@axe-core/playwright";
import { decode, nsecEncode } from "nostr-tools/nip19";
import { decrypt, encrypt } from "nostr-tools/nip49";
import { finalizeEvent, generateSecretKey, getPublicKey } from "nostr-tools/pure";
import { bytesToHex } from "nostr-tools/utils";
import type { Browser, Page } from "playwright-core";
import { type Sandbox, startSandbox } from "../../server/sandbox/sandbox.ts";
import { launchChromium } from "./chromium.ts";
import { button, fill, heading, link, logOut, says, stored, withVisitor } from "./login-page.ts";
import { signed } from "./signed.ts";
import { expectAccessible } from "./stage.ts";

// A browser on a busy machine.
setDefaultTimeout(30_000);

let sandbox: Sandbox;
let browser: Browser;
beforeAll(async () => {
  [sandbox, browser] = await Promise.all([
    startSandbox({ port: 0, dataDir: null }),
    launchChromium(),
  ]);
}, 180_000);
afterAll(async () => {
  await browser.close();
  await sandbox.stop();
});

const visiting = withVisitor(() => ({ browser, url: sandbox.info.url }));
const now = () => Math.floor(Date.now() / 1000);
const isLoggedIn = (page: Page) => page.getByRole("button", { name: /^You:/ }).waitFor();

describe("an extension", () => {
  test("that is there is offered first, and leads to where one was going", () =>
    visiting({}, async ({ page }) => {
      await page.goto("/");
      await page.goto(`/login?to=${encodeURIComponent("/relays/new?name=Harbour&plan=basic")}`);
      await button(page, "Continue with your extension").click();
      await page.waitForURL("**/relays/new?name=Harbour&plan=basic");
      await isLoggedIn(page);
      // None of the login's steps is left to come back to.
      await page.goBack();
      await page.waitForURL(`${sandbox.info.url}/`);
    }));

  test("that is absent is said to be, and another way is chosen", () =>
    visiting({ extension: false }, async ({ page }) => {
      await page.goto("/login");
      await link(page, "Scan with your signer app").waitFor();
      await link(page, "Browser extension").click();
      await says(page, "alert", "No signing extension answers in this browser.");
      await button(page, "Choose another way").click();
      await heading(page, "Log in").waitFor();
      expect(new URL(page.url()).search).toBe("");
    }));

  test("that refuses is said to, and may be asked again", () =>
    visiting({}, async ({ page }) => {
      await page.addInitScript(() => {
        const { nostr } = window as unknown as { nostr: Record<string, unknown> };
        const { getPublicKey } = nostr;
        let times = 0;
        nostr.getPublicKey = async () => {
          if (times++ === 0) throw new Error("the person said no");
          return (getPublicKey as () => Promise<string>)();
        };
      });
      await page.goto("/login");
      await button(page, "Continue with your extension").click();
      await says(page, "alert", "Your extension did not sign.");
      await button(page, "Try again").click();
      await page.waitForURL("**/relays");
    }));

  test("that says nothing is not waited for longer than a minute", () =>
    visiting({}, async ({ page }) => {
      await page.addInitScript(() => {
        const { nostr } = window as unknown as { nostr: Record<string, unknown> };
        nostr.getPublicKey = () => new Promise(() => {});
      });
      await page.clock.install();
      await page.goto("/login");
      await button(page, "Continue with your extension").click();
      await says(page, "status", "Waiting for your extension");
      await page.clock.fastForward("01:01");
      await says(page, "alert", "Your extension does not answer.");
    }));

  test("that wants a pubkey in what it signs gets it", () =>
    visiting({}, async ({ page, pubkey }) => {
      await page.addInitScript(() => {
        type Template = { pubkey?: string };
        const { nostr } = window as unknown as {
          nostr: { signEvent(t: Template): Promise<unknown> };
        };
        const { signEvent } = nostr;
        // One kind never answers a template without it, another refuses.
        nostr.signEvent = (template) =>
          template.pubkey ? signEvent(template) : new Promise(() => {});
      });
      await page.goto("/login");
      const asked = page.waitForRequest("**/tenant/events");
      await button(page, "Continue with your extension").click();
      const header = (await asked).headers().authorization ?? "";
      expect(JSON.parse(atob(header.slice("Nostr ".length)))).toMatchObject({ pubkey });
    }));

  test("that comes three seconds after the page is noticed, and waited for on a reload", () =>
    visiting({}, async ({ page }) => {
      await page.addInitScript(() => {
        const late = window as unknown as { nostr?: unknown };
        const { nostr } = late;
        delete late.nostr;
        setTimeout(() => Object.assign(late, { nostr }), 3_000);
      });
      await page.goto("/login");
      await button(page, "Continue with your extension").click();
      await page.waitForURL("**/relays");
      const answered = page.waitForResponse("**/tenant/events");
      await page.reload();
      expect((await answered).status()).toBe(200);
    }));

  test("that says nothing later is named after a while, and one may log in by another way", () =>
    visiting({ loggedIn: true }, async ({ page }) => {
      await page.addInitScript(() => {
        const { nostr } = window as unknown as { nostr: Record<string, unknown> };
        nostr.signEvent = () => new Promise(() => {});
      });
      await page.clock.install();
      await page.goto("/relays");
      await page.clock.fastForward(3_000);
      await says(page, "status", "Waiting for your extension.");
      await page.clock.fastForward("01:01");
      await says(page, "status", "Your extension does not answer.");
      await button(page, "Try now").waitFor();
      await button(page, "Log in again").click();
      await page.waitForURL("**/login?to=%2Frelays");
    }));
});

describe("a secret key", () => {
  const enter = async (page: Page, key: string, keep: boolean): Promise<void> => {
    await page.goto("/login?with=key");
    await fill(page, "Your secret key", key);
    if (keep) await page.getByText("Stay logged in on this device").click();
    await button(page, "Log in").click();
    await page.waitForURL("**/relays");
  };

  test("comes with a warning, and what is not one is told what it is", () =>
    visiting({ extension: false }, async ({ page }) => {
      await page.goto("/login?with=key");
      await page.getByText("A key that you paste can be read by this page.").waitFor();
      for (const [text, words] of [
        ["npub1qqqq", "This is your public key"],
        ["ncryptsec1qqqq", "This key is locked. Type the password"],
        ["bunker://abc", "the address of a signer"],
        ["nsec1qqqq", "This is not a secret key."],
        ["0".repeat(64), "This is not a secret key."],
      ] as const) {
        await fill(page, "Your secret key", text);
        await button(page, "Log in").click();
        await page.getByText(words).waitFor();
        const field = page.getByLabel("Your secret key");
        expect(await field.inputValue()).toBe(text);
        expect(await field.evaluate((input) => input === document.activeElement)).toBe(true);
      }
    }));

  test("opens by its password where it is locked, and is offered once more before it goes", () =>
    visiting({ extension: false, width: 390 }, async ({ page }) => {
      const key = generateSecretKey();
      await page.goto("/login?with=key");
      await fill(page, "Your secret key", encrypt(key, "a fair wind", 4));
      await fill(page, "Its password", "a foul wind");
      await button(page, "Log in").click();
      await page.getByText("This password does not open this key.").waitFor();
      await fill(page, "Its password", "a fair wind");
      await button(page, "Log in").click();
      await page.waitForURL("**/relays");
      await button(page, /^You:/).click();
      await page.getByRole("menuitem", { name: "Log out" }).click();
      const dialog = page.getByRole("dialog", { name: "Do you have your key?" });
      await dialog.getByRole("button", { name: "Show the key" }).click();
      await dialog.getByText(nsecEncode(key)).waitFor();
      // A copy under a password of its own opens to the same key.
      await dialog.getByText("Lock it with a password").click();
      await dialog.getByLabel("A password for the copy").fill("another wind");
      await dialog.getByRole("button", { name: "Lock the copy" }).click();
      const locked = await dialog.getByText(/^ncryptsec1/).textContent();
      expect(decrypt(locked ?? "", "another wind")).toEqual(key);
      await expectAccessible(page);
      await dialog.getByRole("button", { name: "Stay logged in" }).click();
      await logOut(page);
      expect(await stored(page)).not.toContain(bytesToHex(key));
    }));

  test("without staying logged in outlasts a reload, and is no other tab's", () =>
    visiting({ extension: false }, async ({ page, context }) => {
      const key = generateSecretKey();
      await enter(page, nsecEncode(key), false);
      const answered = page.waitForResponse("**/tenant/events");
      await page.reload();
      expect((await answered).status()).toBe(200);
      const other = await context.newPage();
      await other.goto("/relays");
      await other.waitForURL("**/login?to=%2Frelays");
    }));

  test("with staying logged in opens in another tab, and is nowhere in plain text", () =>
    visiting({ extension: false }, async ({ page, context }) => {
      const key = generateSecretKey();
      await enter(page, bytesToHex(key).toUpperCase(), true);
      const other = await context.newPage();
      const answered = other.waitForResponse("**/tenant/events");
      await other.goto("/relays");
      expect((await answered).status()).toBe(200);
      await page.close();
      const kept = await stored(other);
      expect(kept).toContain(getPublicKey(key));
      expect(kept).toContain("vault");
      for (const secret of [bytesToHex(key), nsecEncode(key)])
        expect(kept.toLowerCase()).not.toContain(secret);
      await logOut(other);
      expect(await stored(other)).not.toContain(getPublicKey(key));
      expect(await stored(other)).not.toContain("sealed");
    }));

  test("that is gone from the browser leads to the login, which says so, and back", () =>
    visiting({ extension: false }, async ({ page }) => {
      const key = generateSecretKey();
      await enter(page, nsecEncode(key), true);
      await page.evaluate(
        () =>
          new Promise((resolve) => {
            indexedDB.deleteDatabase("berth").onsuccess = resolve;
          }),
      );
      await page.goto("/account");
      await page.waitForURL("**/login?to=%2Faccount");
      await says(page, "alert", "Your key is not in this browser any more");
      await link(page, /^Secret key/).click();
      await fill(page, "Your secret key", nsecEncode(key));
      await button(page, "Log in").click();
      await page.waitForURL("**/account");
    }));
});

describe("a new key", () => {
  test("cannot be used before it is saved and its end is typed; then one is somebody", () =>
    visiting({ extension: false }, async ({ page, context }) => {
      await page.goto("/login");
      await link(page, /^New to Nostr/).click();
      await button(page, "Make my key").click();
      await page.getByText("Say how others shall see you.").waitFor();
      await fill(page, "Picture (optional)", "ftp://picture.example");
      await fill(page, "Name", "Marina");
      await button(page, "Make my key").click();
      await page.getByText("A picture’s address begins with https://.").waitFor();
      await fill(page, "Picture (optional)", "");
      await button(page, "Make my key").click();

      await heading(page, "Save your key").waitFor();
      expect(await page.getByText("nsec1").textContent()).not.toMatch(/nsec1[a-z0-9]{10}/);
      await button(page, "I have saved it").click();
      await says(page, "alert", "Copy the key, download it, or show it and write it down.");
      await button(page, "Show the key").click();
      const shown = String(
        await page.getByRole("group", { name: "Your secret key" }).textContent(),
      );
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        button(page, "Download as a file").click(),
      ]);
      expect(await Bun.file(await download.path()).text()).toContain(shown);
      await button(page, "Copy").click();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(shown);
      await button(page, "I have saved it").click();

      // The clipboard proves nothing: it is pasted nowhere here.
      await page.getByLabel(/^The last 6 characters/).press("ControlOrMeta+v");
      expect(await page.getByLabel(/^The last 6 characters/).inputValue()).toBe("");
      await fill(page, /^The last 6 characters/, "qqqqqq");
      await button(page, "Log in").click();
      await page.getByText("That is not how your key ends.").waitFor();
      await fill(page, /^The last 6 characters/, shown.slice(-6));
      await button(page, "Log in").click();
      await page.waitForURL("**/relays");
      await button(page, "You: Marina").waitFor();

      // It stays logged in unless one says otherwise, and is kept sealed.
      const other = await context.newPage();
      await other.goto("/relays");
      await button(other, "You: Marina").waitFor();
      expect(await stored(other)).not.toContain(shown);

      // It can be saved again, from the account.
      await other.goto("/account");
      await button(other, "Back up my key").click();
      await button(other, "Show the key").click();
      expect(await other.getByRole("group", { name: "Your secret key" }).textContent()).toBe(shown);
      await other.close();

      // And the name is published.
      const { data } = decode(shown as `nsec1${string}`);
      const said = await signed<{ name: string }>(sandbox.info.url, data, "GET", "/tenant/profile");
      expect(said.name).toBe("Marina");
    }));

  test("is made step by step, and the back button goes one step back", () =>
    visiting({ extension: false }, async ({ page }) => {
      await page.goto("/login?with=confirm&to=%2Faccount");
      await heading(page, "Log in").waitFor();
      await link(page, /^New to Nostr/).click();
      await fill(page, "Name", "Marina");
      await button(page, "Make my key").click();
      await heading(page, "Save your key").waitFor();
      await button(page, "Copy").click();
      const key = await page.evaluate(() => navigator.clipboard.readText());
      await button(page, "I have saved it").click();
      await heading(page, "Do you have your key?").waitFor();
      await page.goBack();
      await heading(page, "Save your key").waitFor();
      await page.goBack();
      expect(await page.getByLabel("Name").inputValue()).toBe("Marina");
      await button(page, "Make my key").click();
      // What is shown may be written down on paper.
      await button(page, "Show the key").click();
      // The one that was saved.
      await page.getByText(key).waitFor();
      await button(page, "Back").click();
      await button(page, "Back").click();
      await heading(page, "Log in").waitFor();
      expect(page.url()).toEndWith("/login?to=%2Faccount");
    }));
});

describe("who is logged in", () => {
  test("is logged out in every tab at once", () =>
    visiting({ extension: false }, async ({ page, context }) => {
      const enter = async (at: Page, keep: boolean): Promise<void> => {
        // Tabs behind another are slow.
        await at.bringToFront();
        await at.goto("/login?with=key");
        await fill(at, "Your secret key", bytesToHex(generateSecretKey()));
        if (keep) await at.getByText("Stay logged in on this device").click();
        await button(at, "Log in").click();
        await at.waitForURL("**/relays");
      };
      await enter(page, true);
      const same = await context.newPage();
      await same.goto("/relays");
      await isLoggedIn(same);
      const own = await context.newPage();
      await own.goto("/login");
      await own.bringToFront();
      await button(own, "Log in as somebody else").click();
      await heading(own, "Log in").waitFor();
      await same.waitForURL("**/login?to=%2Frelays");
      await enter(own, false);
      await enter(page, true);
      await page.bringToFront();
      await logOut(page);
      await own.waitForURL("**/login?to=%2Frelays");
    }));

  test("is called by the name that they publish, which is asked for once", () =>
    visiting({ loggedIn: true }, async ({ page, secretKey }) => {
      const event = finalizeEvent(
        { kind: 0, created_at: now(), tags: [], content: JSON.stringify({ name: "Pilot" }) },
        secretKey,
      );
      const { id, pubkey, created_at, kind, tags, content, sig } = event;
      const published = { id, pubkey, created_at, kind, tags, content, sig };
      await signed(sandbox.info.url, secretKey, "POST", "/tenant/publish", { event: published });
      let times = 0;
      page.on("request", (request) => {
        if (request.url().endsWith("/tenant/profile")) times++;
      });
      for (let loads = 0; loads < 2; loads++) {
        await page.goto("/relays");
        await button(page, "You: Pilot").waitFor();
      }
      expect(times).toBe(1);
    }));

  test("goes on from the login, to a path of ours and nowhere else", () =>
    visiting({ loggedIn: true }, async ({ page }) => {
      for (const [to, path] of [
        ["/account", "/account"],
        ["//evil.example/account", "/relays"],
        ["/\\evil.example", "/relays"],
        ["https://evil.example", "/relays"],
        ["javascript:alert(1)", "/relays"],
        ["/login?to=/login", "/relays"],
      ]) {
        await page.goto(`/login?to=${encodeURIComponent(to as string)}`);
        await button(page, "Go on").click();
        await page.waitForURL(`${sandbox.info.url}${path}`);
      }
    }));
});

test.each(["light", "dark"] as const)(
  "in %s no step has anything that axe objects to, nor scrolls sideways on a phone",
  (colorScheme) =>
    visiting({ extension: false, colorScheme, width: 390 }, async ({ page }) => {
      const looksGood = async (): Promise<void> => {
        await page.evaluate(() => document.fonts.ready);
        // Of the other scheme, only the colours are others.
        const axe = new AxeBuilder({ page });
        if (colorScheme === "dark") axe.withRules(["color-contrast"]);
        const { violations } = await axe.analyze();
        expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
        for (const width of colorScheme === "dark" ? [] : [320, 390]) {
          await page.setViewportSize({ width, height: 800 });
          const over = await page.evaluate(async () => {
            // Media queries are asked anew with the next frame.
            await new Promise((resolve) =>
              requestAnimationFrame(() => requestAnimationFrame(resolve)),
            );
            return document.documentElement.scrollWidth - document.documentElement.clientWidth;
          });
          expect([page.url(), width, Math.max(0, over)]).toEqual([page.url(), width, 0]);
        }
      };
      await page.goto("/login");
      await heading(page, "Log in").waitFor();
      await looksGood();
      await link(page, "Scan with your signer app").click();
      await says(page, "status", "Waiting for your signer");
      await looksGood();
      await page.goBack();
      await link(page, /^Browser extension/).click();
      await page.getByRole("alert").waitFor();
      await looksGood();
      await page.goBack();
      await link(page, /^Signer address/).click();
      await fill(page, "Address", "nsec1");
      await button(page, "Connect").click();
      await page.getByText("This looks like a secret key.").waitFor();
      await looksGood();
      await page.goBack();
      await link(page, /^Secret key/).click();
      await heading(page, "Secret key").waitFor();
      await looksGood();
      await page.goBack();
      await link(page, /^New to Nostr/).click();
      await button(page, "Make my key").click();
      await page.getByText("Say how others").waitFor();
      await looksGood();
      await fill(page, "Name", "Marina of the long and winding harbour road by the sea");
      await button(page, "Make my key").click();
      await button(page, "I have saved it").click();
      await button(page, "Show the key").click();
      await looksGood();
      await button(page, "Copy").click();
      const key = await page.evaluate(() => navigator.clipboard.readText());
      await button(page, "I have saved it").click();
      await heading(page, "Do you have your key?").waitFor();
      await looksGood();
      await fill(page, /^The last 6 characters/, key);
      await button(page, "Log in").click();
      await page.waitForURL("**/relays");
      await page.goto("/login");
      await heading(page, "You are logged in").waitFor();
      await looksGood();
    }),
  // It looks at nine steps.
  90_000,
);

test("all of it is done by keyboard", () =>
  visiting({ extension: false }, async ({ page }) => {
    const press = async (...keys: string[]): Promise<void> => {
      for (const key of keys) await page.keyboard.press(key);
    };
    await page.goto("/login");
    await link(page, /^Secret key/).focus();
    await press("Enter");
    await page.locator("input:focus[type=password]").waitFor();
    await page.keyboard.type(bytesToHex(generateSecretKey()));
    await press("Tab", "Space");
    expect(await page.getByLabel("Stay logged in on this device").isChecked()).toBe(true);
    await press("Tab", "Enter");
    await page.waitForURL("**/relays");
    // A new page is read from its start.
    await page.locator("main:focus").waitFor();
  }));
