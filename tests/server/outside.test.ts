import { afterEach, expect, test } from "bun:test";
import { generateSecretKey } from "nostr-tools/pure";
import { bytesToHex } from "nostr-tools/utils";
import { systemClock } from "../../server/clock.ts";
import { readConfig } from "../../server/config.ts";
import { composeMessage } from "../../server/nostr/direct-message.ts";
import { createOutside } from "../../server/outside.ts";
import { inboxList, person } from "./direct-message-fixture.ts";
import { holding, type Script, startScriptedRelay } from "./scripted-relay.ts";

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
