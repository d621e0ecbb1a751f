/** Takes the lock of argv[2], says so, and keeps it until it is killed or its input ends. */
import { DatabaseLocked, lockDatabase } from "../../db/lock.ts";

try {
  lockDatabase(process.argv[2] ?? "");
  console.log("locked");
  for await (const _ of Bun.stdin.stream()) break;
} catch (error) {
  console.log(error instanceof DatabaseLocked ? "refused" : `${error}`);
}
process.exit(0);
