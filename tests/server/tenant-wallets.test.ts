import { expect, test } from "bun:test";
import { generateSecretKey, getPublicKey } from "nostr-tools/pure";
import type { Queries } from "../../db/index.ts";
import type { CommandParts } from "../../server/commands/index.ts";
import { Unavailable } from "../../server/errors.ts";
import { Secret } from "../../server/secrets.ts";
import { createTenantWallets } from "../../server/tenant-wallets.ts";
import type { PayOutcome, SignedPayment } from "../../server/wallet/payer.ts";

const { signal } = new AbortController();
const memo = <T>(make: () => Promise<T>): Promise<T> => make();

/** Wallets of one tenant with a connection, and what is done with it, in order. */
function walletsThat(send: (connection: { url: string | null }) => Promise<PayOutcome>) {
  const connection: { url: string | null } = { url: "the first" };
  const done: string[] = [];
  const wallets = createTenantWallets({
    commands: {} as CommandParts,
    queries: { secrets: { get: async () => connection.url } } as unknown as Queries,
    open: async () => new Secret(connection.url ?? ""),
    payer: {
      async sign() {
        done.push("sign");
        return { wallet: `signed ${done.length}` } as SignedPayment;
      },
      async send(_, { wallet }) {
        done.push(`send ${wallet}`);
        return await send(connection);
      },
      probe: async (url) => {
        done.push(url.reveal());
        throw new Unavailable("wallet_silent", "");
      },
    },
  });
  return { wallets, connection, done };
}

const refused: PayOutcome = { outcome: "rejected", code: "UNAUTHORIZED", renewsAt: null };

test("a request is stored before it is sent, and what is stored is what is sent again", async () => {
  const { wallets, done } = walletsThat(async () => ({ outcome: "unknown", why: "wallet_silent" }));
  let stored: string | null = null;
  const remember = async <T>(make: () => Promise<T>): Promise<T> => {
    stored ??= JSON.stringify(await make());
    done.push("stored");
    return JSON.parse(stored) as T;
  };
  for (let attempt = 0; attempt < 2; attempt++)
    expect(await wallets.pay("t", "lnbc1", { memo: remember, signal })).toEqual({
      outcome: "unknown",
    });
  expect(done).toEqual(["sign", "stored", "send signed 1", "stored", "send signed 1"]);
});

test("a wallet that refuses is told as such, with its code", async () => {
  const { wallets } = walletsThat(async () => refused);
  expect(await wallets.pay("t", "lnbc1", { memo, signal })).toEqual(refused);
});

test("a refusal by a connection that was replaced meanwhile says nothing of the one there is now", async () => {
  for (const url of ["the second", null]) {
    const { wallets } = walletsThat(async (connection) => {
      connection.url = url;
      return refused;
    });
    expect(await wallets.pay("t", "lnbc1", { memo, signal })).toEqual({ outcome: "unknown" });
  }
});

test("without a connection nothing is signed", async () => {
  const { wallets, connection, done } = walletsThat(async () => refused);
  connection.url = null;
  expect(await wallets.pay("t", "lnbc1", { memo, signal })).toEqual({ outcome: "none" });
  expect(done).toEqual([]);
});

test("a connection is understood however its wallet writes its beginning", async () => {
  const { wallets, done } = walletsThat(async () => refused);
  const rest = `${getPublicKey(generateSecretKey())}?relay=wss%3A%2F%2Frelay.example&secret=${"01".repeat(32)}`;
  for (const beginning of ["nostr+walletconnect:", "nostrwalletconnect:", "NOSTR+walletconnect:"])
    for (const slashes of ["", "//"])
      await expect(wallets.connect("t", ` ${beginning}${slashes}${rest}\n`)).rejects.toMatchObject({
        code: "wallet_unreachable",
      });
  expect(done).toEqual(Array(6).fill(`nostr+walletconnect://${rest}`));
});
