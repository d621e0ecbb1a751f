import { machines, migrations, tells } from "../machines/index.ts";
import type { Registered } from "./host/rules.ts";

/** The machines as the host runs them: each with what it is told, and the way from former versions. */
export const registered = {
  tenant: { machine: machines.tenant, tells: tells.tenant, migrate: migrations.tenant },
  relay: { machine: machines.relay, tells: tells.relay, migrate: migrations.relay },
  invoice: { machine: machines.invoice, tells: tells.invoice, migrate: migrations.invoice },
  notice: { machine: machines.notice, tells: tells.notice, migrate: migrations.notice },
  community: {
    machine: machines.community,
    tells: tells.community,
    migrate: migrations.community,
  },
} satisfies Record<string, Registered>;
