import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from "bun:test";
import type { Browser, Page } from "playwright-core";
import { startNostrRelay } from "../../server/sandbox/nostr-relay.ts";
import { type Sandbox, startSandbox } from "../../server/sandbox/sandbox.ts";
import { launchChromium } from "./chromium.ts";
import { button, fill, heading, link, says, stored, withVisitor } from "./login-page.ts";
import { type RemoteSigner, startRemoteSigner } from "./remote-signer.ts";

// A browser on a busy machine.
setDefaultTimeout(40_000);

let sandbox: Sandbox;
let browser: Browser;
let signer: RemoteSigner;
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
beforeEach(async () => {
  signer = await startRemoteSigner(sandbox.info.relay_url);
});
afterEach(() => signer.stop());

const visiting = withVisitor(() => ({ browser, url: sandbox.info.url }));
const without = { extension: false };

/** The relay that carries it all, as the sandbox has it. */
const relayIs = (relay: "ok" | "down") =>
  fetch(`${sandbox.info.url}/sandbox/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ relay }),
  });
/** What Chromium itself writes of a socket that cannot be opened. */
const SOCKET = /WebSocket connection to/;

const join = async (page: Page, address: string): Promise<void> => {
  await page.goto("/login?with=bunker");
  await fill(page, "Address", address);
  await button(page, "Connect").click();
};
/** The link that a phone would open, as the page copies it. */
const copied = async (page: Page): Promise<string> => {
  await page.getByRole("img", { name: "QR code for your signer app" }).waitFor();
  await button(page, "Copy the link").click();
  await button(page, "Copied").waitFor();
  return page.evaluate(() => navigator.clipboard.readText());
};
const isLive = async (page: Page): Promise<void> => {
  const answered = await page.waitForResponse("**/tenant/events");
  expect(answered.status()).toBe(200);
};
const methods = () => signer.requests.map(({ method }) => method);

describe("a signer's address", () => {
  test("logs in as the person whose key it holds, and a reload asks for no new approval", () =>
    visiting(without, async ({ page }) => {
      const live = isLive(page);
      await join(page, signer.address());
      await page.waitForURL("**/relays");
      await live;
      const [connect] = signer.requests;
      expect(methods().slice(0, 4)).toEqual([
        "connect",
        "get_public_key",
        "switch_relays",
        "sign_event",
      ]);
      expect(connect?.params[2]).toBe("sign_event:27235");
      const kept = await stored(page);
      expect(kept).toContain(signer.pubkey);
      expect(kept).not.toContain(connect?.params[1]);
      expect(kept).not.toContain("clientKey");
      const again = isLive(page);
      await page.reload();
      await again;
      expect(methods().filter((method) => method === "connect")).toHaveLength(1);
    }));

  test("that is none is told what it is, and stays as it was typed", () =>
    visiting(without, async ({ page }) => {
      const key = "a".repeat(64);
      for (const [text, words] of [
        ["nostrconnect://abc", "This is an address for a signer to open."],
        ["nsec1qqqq", "This looks like a secret key."],
        [`bunker://${key}`, "This address names no relay."],
        [`bunker://${key}?relay=ws%3A%2F%2Frelay.example`, "can be reached from a browser"],
        ["marina at example.com", "This is not a signer’s address."],
      ] as const) {
        await join(page, text);
        await page.getByText(words).waitFor();
        const field = page.getByLabel("Address");
        expect(await field.inputValue()).toBe(text);
        expect(await field.evaluate((input) => input === document.activeElement)).toBe(true);
      }
    }));

  test("that the signer refuses is said to be, in its words", () =>
    visiting(without, async ({ page }) => {
      await join(page, signer.address().replace(/secret=.*/, "secret=another"));
      await page.getByText("Your signer refused and says: “invalid secret”.").waitFor();
    }));

  test("can be given up while nobody answers, and keeps what was typed", () =>
    visiting(without, async ({ page }) => {
      signer.feel("silent");
      const address = signer.address();
      await join(page, address);
      await says(page, "status", "Waiting for your signer");
      await signer.heard(1);
      await button(page, "Cancel").click();
      expect(await page.getByLabel("Address").inputValue()).toBe(address);
      // What comes too late does nothing.
      await signer.approve();
      await button(page, "Connect").waitFor();
      expect(new URL(page.url()).pathname).toBe("/login");
    }));

  test("is not waited for longer than a minute, in words", () =>
    visiting(without, async ({ page }) => {
      signer.feel("silent");
      await page.clock.install();
      await join(page, signer.address());
      await signer.heard(1);
      await page.clock.fastForward("01:01");
      await page
        .getByText("Your signer does not answer. Open it and approve the request.")
        .waitFor();
    }));

  test("whose signer wants to be approved on its page shows a link to it, and waits longer", () =>
    visiting(without, async ({ page }) => {
      signer.feel({ challenges: "https://signer.example/approve/1" });
      await page.clock.install();
      await join(page, signer.address());
      const approve = link(page, "Approve it at signer.example");
      expect(await approve.getAttribute("href")).toBe("https://signer.example/approve/1");
      expect(await approve.getAttribute("rel")).toContain("noopener");
      await page.clock.fastForward("00:30");
      await approve.waitFor();
      signer.feel("willing");
      await signer.approve();
      await page.waitForURL("**/relays");
    }));

  test("whose signer sends elsewhere than to a page is not followed", () =>
    visiting(without, async ({ page }) => {
      signer.feel({ challenges: "javascript:alert(1)" });
      await join(page, signer.address());
      await signer.heard(1);
      await says(page, "status", "Waiting for your signer");
      expect(await link(page, /Approve it/).count()).toBe(0);
    }));
});

describe("a signer that exists", () => {
  test("moves to another relay, and is met there after it left the old one", async () => {
    const other = await startNostrRelay({ paths: ["/"] });
    const url = `ws://127.0.0.1:${other.port}`;
    try {
      await visiting(without, async ({ page }) => {
        const leave = await signer.move(url);
        const live = isLive(page);
        await join(page, signer.address());
        await page.waitForURL("**/relays");
        await live;
        leave();
        const again = isLive(page);
        await page.reload();
        await again;
      });
    } finally {
      await other.stop();
    }
  });

  test("is found by a name at a domain", () =>
    visiting({ ...without, expects: /asked https:\/\/signer\.example/ }, async ({ page }) => {
      await page.route("https://signer.example/.well-known/nostr.json?name=*", (route) => {
        const name = new URL(route.request().url()).searchParams.get("name") ?? "";
        const headers = { "access-control-allow-origin": "*" };
        return route.fulfill({ json: name === "marina" ? signer.profile(name) : {}, headers });
      });
      await join(page, "nobody@signer.example");
      await page.getByText("signer.example knows no signer of that name.").waitFor();
      await fill(page, "Address", "marina@signer.example");
      await button(page, "Connect").click();
      await page.waitForURL("**/relays");
      expect(await stored(page)).toContain(signer.pubkey);
    }));

  test("may have a clock that is far behind", async () => {
    const late = await startRemoteSigner(sandbox.info.relay_url, { behindSeconds: 690 });
    try {
      await visiting(without, async ({ page }) => {
        await join(page, late.address());
        await page.waitForURL("**/relays");
      });
    } finally {
      late.stop();
    }
  });
});

describe("a code for a signer app", () => {
  test("logs in whoever scans it and repeats its secret, and nobody else", () =>
    visiting(without, async ({ page }) => {
      await page.goto("/login?to=%2Faccount");
      await link(page, "Scan with your signer app").click();
      await says(page, "status", "Waiting for your signer");
      const uri = await copied(page);
      const thief = await startRemoteSigner(sandbox.info.relay_url);
      await thief.scan(uri, { secret: "ack" });
      const live = isLive(page);
      await signer.scan(uri);
      await page.waitForURL("**/account");
      await live;
      expect(await stored(page)).toContain(signer.pubkey);
      expect(thief.requests).toEqual([]);
      thief.stop();
    }));

  test("stays good while a relay drops and comes back", () =>
    visiting({ ...without, expects: SOCKET }, async ({ page }) => {
      await page.goto("/login?with=connect");
      await says(page, "status", "Waiting for your signer");
      const uri = await copied(page);
      await relayIs("down");
      await says(page, "status", "The connection to the relay dropped");
      await relayIs("ok");
      await says(page, "status", "Waiting for your signer");
      await signer.reconnect();
      await signer.scan(uri);
      await page.waitForURL("**/relays");
    }));

  test("is good for five minutes; then there is a new one", () =>
    visiting(without, async ({ page }) => {
      await page.clock.install();
      await page.goto("/login?with=connect");
      const uri = await copied(page);
      await page.clock.fastForward("05:01");
      await says(page, "alert", "No signer has answered for five minutes.");
      await button(page, "Get a new code").click();
      expect(await copied(page)).not.toBe(uri);
    }));

  test("is not good any more once it was given up", () =>
    visiting(without, async ({ page }) => {
      await page.goto("/login");
      await link(page, "Scan with your signer app").click();
      await says(page, "status", "Waiting for your signer");
      const uri = await copied(page);
      await page.goBack();
      await heading(page, "Log in").waitFor();
      await signer.scan(uri);
      await link(page, "Scan with your signer app").click();
      expect(await copied(page)).not.toBe(uri);
      expect(methods()).toEqual([]);
    }));

  test("is one tap on a phone, which opens the app and comes back logged in", () =>
    visiting(
      { ...without, isPhone: true, width: 390, expects: /nostrconnect/ },
      async ({ page }) => {
        await page.goto("/login");
        const app = page.locator("a[href^='nostrconnect://']");
        await app.getByText("Open your signer app").waitFor();
        const uri = String(await app.getAttribute("href"));
        await app.tap();
        await heading(page, "Approve in your signer app").waitFor();
        await says(page, "status", "Waiting for your signer");
        expect(await app.getAttribute("href")).toBe(uri);
        await signer.scan(uri);
        await page.waitForURL("**/relays");
      },
    ));
});

describe("a signer that is asked later", () => {
  const loggedIn = async (page: Page): Promise<void> => {
    const live = isLive(page);
    await join(page, signer.address());
    await page.waitForURL("**/relays");
    await live;
  };

  test("and says nothing is named after a while, and given up with words", () =>
    visiting(without, async ({ page }) => {
      await loggedIn(page);
      signer.feel("silent");
      await page.clock.install();
      const heard = signer.requests.length;
      await page.reload();
      await signer.heard(heard + 1);
      await page.clock.fastForward(3_000);
      await says(page, "status", "Waiting for your signer. Open it and approve the request.");
      await page.clock.fastForward(50_000);
      await says(page, "status", "Your signer does not answer.");
      signer.feel("willing");
      await button(page, "Try now").waitFor();
      await button(page, "Log in again").click();
      await page.waitForURL("**/login?to=%2Frelays");
    }));

  test("is asked again when the relay was lost meanwhile", () =>
    visiting({ ...without, expects: SOCKET }, async ({ page }) => {
      await loggedIn(page);
      signer.feel("silent");
      const heard = signer.requests.length;
      await page.reload();
      await signer.heard(heard + 1);
      await relayIs("down");
      await relayIs("ok");
      signer.feel("willing");
      const live = isLive(page);
      await signer.reconnect();
      await live;
    }));

  test("and signs something else is not believed", () =>
    visiting(without, async ({ page }) => {
      await loggedIn(page);
      signer.feel("forging");
      await page.reload();
      await says(page, "status", "Your signer signed something else than it was asked to.");
    }));
});
