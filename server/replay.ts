/** `bun run replay`: proves every stored snapshot from its journal. Exit 1 where one differs. */
import { createBerth } from "./berth.ts";
import { ConfigError, readConfig } from "./config.ts";
import { replayAll } from "./host/replay.ts";

try {
  const berth = await createBerth(readConfig(process.env));
  const { actors, wrong } = replayAll(berth.host);
  for (const line of wrong) console.error(line);
  console.log(`${actors} actors replayed, ${wrong.length} differences`);
  await berth.stop();
  process.exit(wrong.length === 0 ? 0 : 1);
} catch (error) {
  const problems = error instanceof ConfigError ? error.problems : [];
  for (const { variable, problem } of problems) console.error(`${variable} ${problem}`);
  if (problems.length === 0) console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
