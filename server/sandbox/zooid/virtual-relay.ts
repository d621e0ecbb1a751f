import type { Database } from "bun:sqlite";
import type { Event } from "nostr-tools/core";
import { BlobTable } from "./blob-table.ts";
import type { Config } from "./config.ts";
import { EventTable } from "./event-table.ts";
import { Invites } from "./invites.ts";
import type { Losses } from "./losses.ts";
import { Members } from "./members.ts";
import { RelayAuthor } from "./relay-author.ts";

/** A config that kills the whole zooid process while it is being loaded. */
export class Fatal extends Error {}

type Right = "can_invite" | "can_manage";

/**
 * One loaded config. A reload makes a new instance; sockets stay on the instance they were opened
 * on, with its config and its audience, while both write to the same tables.
 */
export class VirtualRelay {
  readonly events: EventTable;
  readonly blobs: BlobTable;
  readonly author: RelayAuthor;
  readonly members: Members;
  readonly invites: Invites;
  /** Called with each event that was published to this instance. */
  readonly listeners = new Set<(event: Event) => void>();

  /** @throws Fatal for what the management API lets pass and the loader dies of. */
  constructor(
    readonly id: string,
    readonly config: Config,
    db: Database,
    losses: Readonly<Losses>,
  ) {
    const slug = slugOf(config.schema);
    const table = `${slug}__events`;
    if (!/^[a-z_][a-z0-9_]*$/.test(table)) {
      throw new Fatal(`relay ${id}: schema "${config.schema}": SQL syntax error near "${slug}"`);
    }
    if (table.startsWith("sqlite_")) {
      throw new Fatal(`relay ${id}: object name reserved for internal use: ${table}`);
    }
    if (config.info.pubkey === "") throw new Fatal(`relay ${id}: panic: info.pubkey is empty`);
    this.events = new EventTable(db, slug, losses);
    this.blobs = new BlobTable(db, slug);
    this.author = new RelayAuthor(config.secret, this.events, (event) => this.broadcast(event));
    this.members = new Members(this.author);
    this.invites = new Invites(this.author);
    const inRoles = Object.values(config.roles).flatMap((role) => role.pubkeys);
    const keys = inRoles
      .map((key) => key.toLowerCase())
      .filter((key) => /^[0-9a-f]{64}$/.test(key));
    this.members.admit([this.self, this.owner, ...keys]);
  }

  get self(): string {
    return this.author.pubkey;
  }

  get owner(): string {
    return this.config.info.pubkey.toLowerCase();
  }

  /** Owner and relay have every right; roles add up, `member` is everyone's, keys match as written. */
  may(pubkey: string, right: Right): boolean {
    if (pubkey === this.owner || pubkey === this.self) return true;
    return Object.entries(this.config.roles).some(
      ([name, role]) => role[right] && (name === "member" || role.pubkeys.includes(pubkey)),
    );
  }

  broadcast(event: Event): void {
    for (const listener of this.listeners) listener(event);
  }
}

/** What the schema becomes in table names; two schemas with one slug share their tables. */
function slugOf(schema: string): string {
  return schema
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, "-")
    .replace(/-+/g, "-")
    .replace(/^[-_]+|[-_]+$/g, "");
}
