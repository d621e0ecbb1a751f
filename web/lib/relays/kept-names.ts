/** Names that nobody else may take for now: those of mine that were given up. */
import type { RelayReplica } from "../live/live.ts";

export const keptNames = (relays: readonly RelayReplica[]): string[] => relays.flatMap(givenUp);

const givenUp = ({ context: c }: RelayReplica): string[] => [
  ...c.freed.map(({ subdomain }) => subdomain),
  ...(c.closedAt === null ? [] : [c.subdomain]),
];
