import { afterEach, expect, spyOn, test } from "bun:test";
import { generateSecretKey } from "nostr-tools/pure";
import { bytesToHex } from "nostr-tools/utils";
import { systemClock } from "../../server/clock.ts";
import { readConfig } from "../../server/config.ts";
import { composeMessage } from "../../server/nostr/direct-message.ts";
import { createOutside } from "../../server/outside.ts";
import { startNostrRelay } from "../../server/sandbox/nostr-relay.ts";
import { until } from "../sandbox/relay-socket.ts";
import { inboxList, person } from "./direct-message-fixture.ts";
import { holding, type Script, startScriptedRelay } from "./scripted-relay.ts";
import { startScriptedWallet } from "./scripted-wallet.ts";

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

function relayThat(script: Script) {
  const relay = startScriptedRelay(script);
  endings.push(() => relay.stop());
  return relay;
}

const secretKey = generateSecretKey();

/** The outside as production has it, with these variables. */
function outsideWith(env: Record<string, string>) {
  const config = readConfig({ PLATFORM_SECRET: bytesToHex(secretKey), ...env });
  const outside = createOutside(config, secretKey, systemClock, { network: "bc" });
  endings.push(() => outside.close());
  return outside;
}

/** What is logged while `work` runs. */
async function logged(work: (lines: string[]) => Promise<unknown>): Promise<string> {
  const lines: string[] = [];
  const spy = spyOn(process.stderr, "write").mockImplementation(
    (text) => lines.push(`${text}`) > 0,
  );
  await work(lines).finally(() => spy.mockRestore());
  return lines.join("");
}

test("at start the operator is warned of a wallet that can pay, and of no other", async () => {
  const relay = await startNostrRelay({ paths: ["/"] });
  endings.push(() => relay.stop());
  for (const [methods, isWarnedOf] of [
    [["make_invoice", "lookup_invoice", "pay_invoice"], true],
    [["make_invoice", "lookup_invoice", "list_transactions"], false],
  ] as const) {
    const wallet = await startScriptedWallet(relay.url());
    wallet.answer(() => ({ result: { methods } }));
    const outside = outsideWith({ NWC_URL: wallet.nwcUrl });
    const said = await logged(async (lines) => {
      outside.introduce("https://berth.example");
      await until(() => wallet.requests.length > 0);
      // What it answers to this it answers after that.
      await outside.wallet?.facts(new AbortController().signal);
      if (isWarnedOf) await until(() => lines.length > 0);
    });
    expect(said.includes("NWC_URL can pay")).toBe(isWarnedOf);
    expect(said).not.toContain("nostr+walletconnect");
    expect(wallet.requests[0]?.method).toBe("get_info");
    wallet.stop();
  }
});

test("a relay that the operator has on this machine is asked, one that a stranger names there is not", async () => {
  const someone = person();
  const inbox = relayThat({ hear: () => {} });
  const indexer = relayThat(holding([inboxList(someone, [inbox.url])]));
  const { people, messenger } = outsideWith({ NOSTR_INDEXER_RELAYS: indexer.url });
  expect((await people.profile(someone.pubkey)).inboxRelays).toEqual([inbox.url]);
  const message = { to: someone.pubkey, text: "Hello.", createdAt: Date.now() };
  const sent = await messenger?.deliver(
    composeMessage(secretKey, message),
    new AbortController().signal,
  );
  expect(sent).toEqual({
    state: "refused",
    relays: [{ url: inbox.url, reason: "outbound_refused" }],
  });
  expect(inbox.heard).toEqual([]);
});
