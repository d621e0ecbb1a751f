import { expect, test } from "bun:test";
import { payByWallet } from "../../server/effects/billing.ts";
import { Refused, Unavailable } from "../../server/errors.ts";
import { PAY_TIMEOUT_MS } from "../../server/wallet/payer.ts";

const context = {
  ...{ key: "k", attempt: 1, signal: new AbortController().signal },
  memo: <T>(make: () => Promise<T>): Promise<T> => make(),
};
const effectOf = (pay: () => Promise<never>) => payByWallet({ pay, deliver: pay });

test("a wallet that is slow to be written to and slow to answer does not close the lane for others", () => {
  const { timeoutMs } = effectOf(() => Promise.reject());
  expect(timeoutMs).toBeGreaterThan(2 * PAY_TIMEOUT_MS);
});

test("a wallet that cannot be asked leaves its payment unknown; what is a defect stays one", async () => {
  const input = { tenant: "t", invoice: "i", bolt11: "lnbc1" } as never;
  for (const error of [new Unavailable("wallet_silent", ""), new Refused("nwc_malformed", "")])
    expect(await effectOf(() => Promise.reject(error)).run(input, context)).toEqual({
      outcome: "unknown",
    });
  const defect = new Error("a defect");
  const running = effectOf(() => Promise.reject(defect)).run(input, context);
  await expect(running).rejects.toBe(defect);
});
