import { openSeenIds } from "../../server/nostr/seen-ids.ts";

// Claims ids without end and says each one once it is claimed; seen-ids.test.ts kills it meanwhile.
const [path = "", prefix = ""] = process.argv.slice(2);
const seenIds = openSeenIds(path);
const createdAtSeconds = Math.floor(Date.now() / 1000);
for (let index = 0; ; index += 1) {
  const id = `${prefix}${index.toString(16).padStart(64 - prefix.length, "0")}`;
  if (seenIds.claim(id, createdAtSeconds) !== "fresh") throw new Error(`${id} is not fresh`);
  process.stdout.write(`${createdAtSeconds} ${id}\n`);
}
