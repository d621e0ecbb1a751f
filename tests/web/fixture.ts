import { mkdtempSync, rmSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { generateSecretKey } from "nostr-tools/pure";
import { bytesToHex } from "nostr-tools/utils";
import { createBerth } from "../../server/berth.ts";
import { systemClock } from "../../server/clock.ts";
import { readConfig } from "../../server/config.ts";
import { noLimits } from "../../server/http/limits.ts";
import { publicKeyOf } from "../../server/nostr/event.ts";

/**
 * A Berth with nothing around it, on a port of its own: enough for pages and public routes. Its wallet is
 * set, so that it sells, and answers nobody.
 */
export async function startPages(
  relayDomain = "relays.example.community",
  env: Record<string, string> = {},
) {
  const dir = mkdtempSync(`${tmpdir()}/berth-web-`);
  const secret = bytesToHex(generateSecretKey());
  const walletKey = generateSecretKey();
  const config = readConfig({
    PLATFORM_SECRET: secret,
    DATABASE_URL: `sqlite://${dir}/hosting.db`,
    PORT: "0",
    RELAY_DOMAIN: relayDomain,
    METRICS_TOKEN: "a-token-that-no-page-shows",
    NWC_URL: `nostr+walletconnect://${publicKeyOf(walletKey)}?relay=${encodeURIComponent("ws://127.0.0.1:9")}&secret=${bytesToHex(walletKey)}`,
    ...env,
  });
  const berth = await createBerth(config, {
    clock: systemClock,
    network: "bcrt",
    relayScheme: "ws",
    limits: noLimits,
  });
  const url = await berth.start();
  return {
    url,
    secrets: [secret, bytesToHex(walletKey), dir, "a-token-that-no-page-shows"],
    async stop(): Promise<void> {
      await berth.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Sends a request line as it is written, which fetch would tidy up. @returns the whole answer */
export function raw(url: string, requestTarget: string, accept: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = createConnection({ host: hostname, port: Number(port) }, () => {
      socket.write(
        `GET ${requestTarget} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAccept: ${accept}\r\nConnection: close\r\n\r\n`,
      );
    });
    socket.setEncoding("utf8");
    socket.setTimeout(5_000, () => socket.destroy(new Error(`no answer to ${requestTarget}`)));
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    socket.on("end", () => resolve(answer));
    socket.on("error", reject);
  });
}
