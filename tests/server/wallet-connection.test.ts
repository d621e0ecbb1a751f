import { describe, expect, test } from "bun:test";
import { npubEncode, nsecEncode } from "nostr-tools/nip19";
import { generateSecretKey, getPublicKey } from "nostr-tools/pure";
import { bytesToHex } from "nostr-tools/utils";
import { Secret } from "../../server/secrets.ts";
import { parseConnection, parseWalletConnectUrl } from "../../server/wallet/connection.ts";

const clientKey = generateSecretKey();
const pubkey = getPublicKey(generateSecretKey());
const secret = bytesToHex(clientKey);
const relay = "wss://relay.getalby.com/v1";
const encoded = encodeURIComponent(relay);
const bad = "nostr+walletconnect://";
const good = `${pubkey}?relay=${encoded}&secret=${secret}`;

/** As wallets give them out and people paste them. */
const taken: [form: string, url: string, relays?: string[]][] = [
  ["plain", `nostr+walletconnect://${good}`],
  ["without slashes", `nostr+walletconnect:${good}`],
  ["with its relay not encoded", `nostr+walletconnect://${pubkey}?relay=${relay}&secret=${secret}`],
  ["of the old scheme", `nostrwalletconnect://${good}`],
  ["of the old scheme without slashes", `nostrwalletconnect:${good}`],
  ["with its scheme in capitals", `NOSTR+WALLETCONNECT://${good}`],
  [
    "with the secret first, a name and another pubkey",
    `nostr+walletconnect://${pubkey}?secret=${secret}&pubkey=${"7c".repeat(32)}&name=My%20app&relay=${encoded}`,
  ],
  [
    "with a slash before its query",
    `nostr+walletconnect://${pubkey}/?relay=${encoded}&secret=${secret}`,
  ],
  ["with blanks and a line break around", `  nostr+walletconnect://${good}\n`],
  [
    "with its pubkey in capitals",
    `nostr+walletconnect://${pubkey.toUpperCase()}?relay=${encoded}&secret=${secret}`,
  ],
  [
    "with its secret in capitals",
    `nostr+walletconnect://${pubkey}?relay=${encoded}&secret=${secret.toUpperCase()}`,
  ],
  ["as BTCPay Server keeps it", `type=nwc;key=nostr+walletconnect://${good}`],
  [
    "with npub and nsec",
    `nostr+walletconnect://${npubEncode(pubkey)}?relay=${encoded}&secret=${nsecEncode(clientKey)}`,
  ],
  [
    "with a relay that is no public wss",
    `nostr+walletconnect://${good}&relay=ws%3A%2F%2Fumbrel.local%3A4848`,
  ],
  ["with a relay that has no scheme", `nostr+walletconnect://${good}&relay=relay.getalby.com`],
  [
    "with two relays and an address",
    `nostr+walletconnect://${pubkey}?relay=ws://127.0.0.1:9&relay=${relay}&secret=${secret}&lud16=user@getalby.com`,
    ["ws://127.0.0.1:9", relay],
  ],
  [
    "with five relays",
    `nostr+walletconnect://${pubkey}?${[1, 2, 3, 4].map((port) => `relay=ws://127.0.0.1:${port}&`).join("")}relay=${relay}&secret=${secret}`,
    [...[1, 2, 3, 4].map((port) => `ws://127.0.0.1:${port}`), relay],
  ],
];

describe("a connection", () => {
  test.each(taken)("%s is taken", (_, url, relays = [relay]) => {
    const read = parseConnection(new Secret(url));
    expect(read).toEqual({
      ...{ wallet: pubkey, relays, pubkey: getPublicKey(clientKey) },
      secretKey: Uint8Array.from(clientKey),
    });
    // What is stored reads the same.
    const stored = parseWalletConnectUrl(url);
    expect(stored).toStartWith(`nostr+walletconnect://${pubkey}?relay=`);
    expect(parseConnection(new Secret(stored))).toEqual(read);
  });

  test.each([
    ["without a secret", `${bad}${pubkey}?relay=${encoded}`],
    ["with two secrets", `${bad}${good}&secret=${"11".repeat(32)}`],
    ["without a relay", `${bad}${pubkey}?secret=${secret}`],
    [
      "with no relay that may be connected to",
      `${bad}${pubkey}?relay=ws://umbrel.local&relay=x&secret=${secret}`,
    ],
    ["of another scheme", `https://${good}`],
    ["with something behind it", `${bad}${good} and more`],
    [
      "in mixed capitals of bech32",
      `${bad}${npubEncode(pubkey).replace("npub1", "Npub1")}?relay=${encoded}&secret=${secret}`,
    ],
  ])("%s is refused, without a word of it", (_, url) => {
    const failure = (() => {
      try {
        return parseConnection(new Secret(url));
      } catch (error) {
        return error;
      }
    })();
    expect(failure).toMatchObject({ name: "Refused", code: "nwc_malformed" });
    expect(Bun.inspect(failure)).not.toContain(secret.slice(0, 16));
  });
});
