import { afterEach, expect, spyOn, test } from "bun:test";
import { generateSecretKey, getPublicKey } from "nostr-tools/pure";
import { bytesToHex } from "nostr-tools/utils";
import { systemClock } from "../../server/clock.ts";
import { readConfig } from "../../server/config.ts";
import { logTroubles, walletTroubles } from "../../server/health.ts";
import { composeMessage } from "../../server/nostr/direct-message.ts";
import { createOutside } from "../../server/outside.ts";
import { nwcUrl } from "../../server/sandbox/nip47.ts";
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

test("at start the operator is warned of what our wallet should do better, and told what it is", async () => {
  const relay = await startNostrRelay({ paths: ["/"] });
  endings.push(() => relay.stop());
  const receiving = ["make_invoice", "lookup_invoice"];
  const all = ["can pay", "lists no transactions", "tells of no payments", "another network"];
  for (const [said, warned] of [
    [{ methods: [...receiving, "pay_invoice", "list_transactions"] }, [0, 2]],
    [{ methods: receiving, notifications: ["payment_received"] }, [1]],
    [
      {
        methods: [...receiving, "list_transactions"],
        notifications: ["payment_received"],
        network: "mainnet",
      },
      [],
    ],
    [{ methods: [...receiving, "list_transactions"], network: "regtest" }, [2, 3]],
  ] as [object, number[]][]) {
    const wallet = await startScriptedWallet(relay.url());
    wallet.answer(() => ({ result: said }));
    const outside = outsideWith({ NWC_URL: wallet.nwcUrl });
    const words = logTroubles(() => walletTroubles(outside.walletPulse), "");
    outside.walletPulse?.onChange(words);
    const log = await logged(async (lines) => {
      outside.introduce("https://berth.example");
      await until(() => lines.join("").includes("our wallet answers"));
    });
    expect(all.filter((each) => log.includes(each))).toEqual(warned.map((each) => all[each] ?? ""));
    expect(log).not.toContain("nostr+walletconnect");
    expect(outside.walletPulse?.trouble()?.code ?? null).toBe(
      warned.includes(3) ? "wallet_other_network" : null,
    );
    wallet.stop();
  }
});

test("at start the operator is told once that our wallet does not answer, and why", async () => {
  const relay = relayThat({
    hear: ([type, id], say) => void (type === "REQ" && say("CLOSED", id, "blocked: members only")),
  });
  const [service, client] = [generateSecretKey(), generateSecretKey()];
  const outside = outsideWith({
    NWC_URL: nwcUrl(getPublicKey(service), relay.url, bytesToHex(client)),
  });
  const log = await logged(async (lines) => {
    outside.introduce("https://berth.example");
    await until(() => lines.length > 0);
  });
  expect(log).toContain("our wallet does not tell what it is");
  expect(log).toContain("blocked: members only");
  expect(log).not.toContain("stack");
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
