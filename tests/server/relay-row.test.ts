import { expect, test } from "bun:test";
import { relayMachine } from "../../machines/relay/machine.ts";
import { relayRow } from "../../server/projections/relay.ts";
import { aRelay } from "../machines/lone-actor.ts";

const { context } = aRelay("basic");
const rowIn = (status: unknown) =>
  relayRow({ value: { status, zooid: "settled" }, context, status: "active" });

for (const status of ["suspended", "deactivated"])
  for (const { key, meta } of Object.values(
    relayMachine.getStateNodeById(`relay.status.${status}`).states,
  ))
    test(`a relay that is ${status}.${key} has the cause that its machine names`, () => {
      expect(meta?.cause).toBeDefined();
      expect(rowIn({ [status]: key })).toMatchObject({ status, cause: meta?.cause });
    });

test("a relay that may run has no cause", () => {
  for (const status of ["pending", "active", { provisioning: "late" }, { grace: "lastCall" }])
    expect(rowIn(status).cause).toBeNull();
});
