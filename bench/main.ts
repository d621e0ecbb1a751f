/** `bun run bench [name …]`: every measurement, or those named, with their comparisons in the same run. */

import { benchBoot } from "./boot.ts";
import { benchForged } from "./forged.ts";
import { benchHost } from "./host.ts";
import { benchMint } from "./mint.ts";
import { benchPayment } from "./payment.ts";
import { benchRenewals } from "./renewals.ts";
import { benchRequests } from "./requests.ts";
import type { Row } from "./row.ts";
import { benchWipe } from "./wipe.ts";

const benches: Record<string, () => Promise<Row[]>> = {
  host: benchHost,
  requests: benchRequests,
  forged: benchForged,
  payment: benchPayment,
  boot: benchBoot,
  renewals: benchRenewals,
  mint: benchMint,
  wipe: benchWipe,
};

const named = process.argv.slice(2);
for (const name of named.length > 0 ? named : Object.keys(benches)) {
  const bench = benches[name];
  if (!bench) {
    console.error(`there is no bench '${name}'; there are ${Object.keys(benches).join(", ")}`);
    process.exit(1);
  }
  console.log(`\n${name}`);
  console.table(await bench());
}
process.exit(0);
