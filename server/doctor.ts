/** `bun run doctor`: says what is wrong with a deployment, without starting it. Exit 1 where anything is. */
import { checkUp } from "./check-up.ts";
import { ConfigError, readConfig } from "./config.ts";

const MARKS = { well: "ok      ", warning: "warning ", wrong: "WRONG   " };

async function main(): Promise<number> {
  try {
    const config = readConfig(process.env);
    let isWell = true;
    for await (const { about, is, words } of checkUp(config, { network: "bc" })) {
      if (is === "wrong") isWell = false;
      console.log(`${MARKS[is]}${about}: ${words}`);
    }
    return isWell ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const { variable, problem } of error.problems)
      console.log(`${MARKS.wrong}settings: ${variable} ${problem}`);
    return 1;
  }
}

process.exit(await main());
