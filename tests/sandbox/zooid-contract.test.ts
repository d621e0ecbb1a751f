import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { getPublicKey } from "nostr-tools/pure";
import { bytesToHex } from "nostr-tools/utils";
import { parseSecretKey } from "../../server/nostr/keys.ts";
import { openDatabase } from "../../server/sandbox/zooid/database.ts";
import { EventTable } from "../../server/sandbox/zooid/event-table.ts";
import { NO_LOSSES } from "../../server/sandbox/zooid/losses.ts";
import { startZooid, type Zooid } from "../../server/sandbox/zooid/zooid.ts";
import { type Key, newKey, signed } from "./zooid-client.ts";
import { CASES } from "./zooid-contract.cases.ts";
import { type Place, Subject } from "./zooid-contract.ts";

const { ZOOID_CONTRACT_URL, ZOOID_CONTRACT_HOST, ZOOID_CONTRACT_KEY } = process.env;

/**
 * The stand-in, unless a real zooid is named: ZOOID_CONTRACT_URL is where it listens, ZOOID_CONTRACT_HOST
 * its API_HOST, ZOOID_CONTRACT_KEY a secret key that is whitelisted there.
 */
const isReal = ZOOID_CONTRACT_URL !== undefined;
let standIn: Zooid | undefined;
let place: Place;

beforeAll(async () => {
  const admin = isReal ? keyOf(ZOOID_CONTRACT_KEY ?? "") : newKey();
  if (!isReal) standIn = await startZooid({ whitelist: [admin.pubkey], liveDelayMs: 1 });
  const url = ZOOID_CONTRACT_URL ?? standIn?.url ?? "";
  place = { url, apiHost: ZOOID_CONTRACT_HOST ?? new URL(url).host, admin };
});
afterAll(() => standIn?.stop());

describe(`zooid's contract, as ${isReal ? ZOOID_CONTRACT_URL : "the stand-in"} holds it`, () => {
  for (const { fact, config = {}, loss, isLong, run } of CASES) {
    if (isReal ? loss : isLong) continue;
    test(fact, async () => {
      standIn?.setLosses({ ...NO_LOSSES, ...(loss && { [loss]: true }) });
      const relay = await Subject.create(place, config);
      try {
        await run(relay);
      } finally {
        await relay.remove();
      }
    });
  }
});

test("the stand-in gives everything where no limit is asked for, and else 1,000 at most", () => {
  const db = openDatabase();
  const events = new EventTable(db, "many", NO_LOSSES);
  const note = signed(newKey(), 1);
  const id = (n: number) => String(n).padStart(64, "0");
  db.transaction(() => {
    for (let n = 0; n < 1_005; n++) events.put({ ...note, id: id(n), created_at: n });
  })();
  expect(events.query([{ kinds: [1] }])).toHaveLength(1_005);
  expect(events.query([{ kinds: [1], limit: 5_000 }])).toHaveLength(1_000);
  expect(events.query([{ kinds: [1], limit: 0 }])).toEqual([]);
  db.close();
});

function keyOf(text: string): Key {
  const secret = parseSecretKey(text);
  return { secret, secretHex: bytesToHex(secret), pubkey: getPublicKey(secret) };
}
