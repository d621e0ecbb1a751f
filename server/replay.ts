/** `bun run replay`: proves every stored snapshot from its journal. Exit 1 where one differs. */
import { createBerth } from "./berth.ts";
import { readConfig } from "./config.ts";
import { replayAll } from "./host/replay.ts";

const berth = await createBerth(readConfig(process.env));
const { actors, wrong } = replayAll(berth.host);
for (const line of wrong) console.error(line);
console.log(`${actors} actors replayed, ${wrong.length} differences`);
await berth.stop();
process.exit(wrong.length === 0 ? 0 : 1);
