import type { EventTemplate } from "nostr-tools/pure";
import { finalizeEvent, generateSecretKey, getPublicKey } from "nostr-tools/pure";
import type { Browser, BrowserContext, Page } from "playwright-core";

/** Somebody with a browser of their own, and a key that an extension in it holds. */
export type Visitor = {
  context: BrowserContext;
  page: Page;
  pubkey: string;
  secretKey: Uint8Array;
};

type Options = {
  /** Logged in already. */
  loggedIn?: boolean;
  secretKey?: Uint8Array;
  /** Whether the browser has a signing extension (NIP-07); it has if absent. */
  extension?: boolean;
  width?: number;
  /** Whether it is a phone: touched, not pointed at. */
  isPhone?: boolean;
  colorScheme?: "light" | "dark";
  /** What its pages may complain of. */
  expects?: RegExp;
};

const HEIGHT = 900;

/** Opens a browser of one's own on `url`. Whatever goes wrong in its pages fails the test: see {@link Visitor.problems}. */
export async function visit(
  browser: Browser,
  url: string,
  options: Options = {},
): Promise<Visitor & { problems: string[] }> {
  const { loggedIn = false, extension = true, width = 1280, colorScheme = "light" } = options;
  const secretKey = options.secretKey ?? generateSecretKey();
  const pubkey = getPublicKey(secretKey);
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width, height: HEIGHT },
    colorScheme,
    hasTouch: options.isPhone ?? false,
    isMobile: options.isPhone ?? false,
    reducedMotion: "reduce",
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const problems: string[] = [];
  const complain = (problem: string): void => {
    if (!options.expects?.test(problem)) problems.push(problem);
  };
  if (extension) {
    await context.exposeFunction("signOutside", (template: EventTemplate) =>
      finalizeEvent(template, secretKey),
    );
    await context.addInitScript((key: string) => {
      const outside = window as unknown as { signOutside(template: unknown): Promise<never> };
      Object.assign(window, {
        nostr: {
          getPublicKey: async () => key,
          signEvent: (template: unknown) => outside.signOutside(template),
        },
      });
    }, pubkey);
  }
  if (loggedIn)
    await context.addInitScript((key: string) => {
      const login = { method: "extension", pubkey: key };
      localStorage.setItem("berth.login", JSON.stringify(login));
    }, pubkey);
  const page = await context.newPage();
  page.on("pageerror", (error) => complain(String(error)));
  // A page talks to its own origin alone, but to the relays of a remote signer.
  page.on("request", (request) => {
    if (!/^(?:blob|data):/.test(request.url()) && !request.url().startsWith(`${url}/`))
      complain(`asked ${request.url()}`);
  });
  page.on("console", (message) => {
    // What the server refuses is shown to the person, and logged by the browser besides.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      complain(message.text());
  });
  return { context, page, pubkey, secretKey, problems };
}
