import type { RelayAuthor } from "./relay-author.ts";

const MEMBER_LIST_KIND = 13534;
const MEMBER_ADDED_KIND = 8000;
const MEMBER_REMOVED_KIND = 8001;

/**
 * Who may read and write. The authority is one replaceable event signed by the relay, read from the
 * database each time, so that a change acts at once on old sockets too.
 */
export class Members {
  constructor(readonly author: RelayAuthor) {}

  #tags(): string[][] {
    const filter = { kinds: [MEMBER_LIST_KIND], authors: [this.author.pubkey] };
    return this.author.events.query([filter])[0]?.tags ?? [["-"]];
  }

  /** Pubkeys in the order they joined, the relay's own first. */
  list(): string[] {
    return pubkeysIn(this.#tags());
  }

  has(pubkey: string): boolean {
    return this.list().includes(pubkey);
  }

  /** Adds and un-bans whoever a config names. Run at each load, hence the bans that do not last. */
  admit(pubkeys: string[]): void {
    for (const pubkey of pubkeys) this.author.events.unban("pubkey", pubkey);
    const tags = this.#tags();
    const present = pubkeysIn(tags);
    const missing = [...new Set(pubkeys)].filter((pubkey) => !present.includes(pubkey));
    if (missing.length === 0) return;
    for (const key of missing) this.author.store(MEMBER_ADDED_KIND, [["-"], ["p", key]]);
    this.author.store(MEMBER_LIST_KIND, [...tags, ...missing.map((key) => ["member", key])]);
  }

  /** As a join over a socket does. */
  async join(pubkey: string): Promise<void> {
    if (this.author.events.losses.parallelJoins) return await this.changeUnlocked("add", pubkey);
    this.#add(this.#tags(), pubkey);
  }

  /** As a leave over a socket does. */
  async leave(pubkey: string): Promise<void> {
    if (this.author.events.losses.parallelJoins) return await this.changeUnlocked("remove", pubkey);
    this.remove(pubkey);
  }

  remove(pubkey: string): void {
    this.#remove(this.#tags(), pubkey);
  }

  /**
   * Adds or removes as zooid does: with a gap between reading the list and writing it,
   * in which simultaneous calls overwrite each other's change.
   */
  async changeUnlocked(change: "add" | "remove", pubkey: string): Promise<void> {
    const tags = this.#tags();
    await Bun.sleep(1);
    if (change === "add") this.#add(tags, pubkey);
    else this.#remove(tags, pubkey);
  }

  #add(tags: string[][], pubkey: string): void {
    if (pubkeysIn(tags).includes(pubkey)) return;
    this.author.publish(MEMBER_ADDED_KIND, [["-"], ["p", pubkey]]);
    this.author.publish(MEMBER_LIST_KIND, [...tags, ["member", pubkey]]);
  }

  #remove(tags: string[][], pubkey: string): void {
    if (!pubkeysIn(tags).includes(pubkey)) return;
    this.author.publish(MEMBER_REMOVED_KIND, [["-"], ["p", pubkey]]);
    // The first removal loses the one-element "-" tag as well.
    const kept = tags.filter(([, value]) => value !== undefined && value !== pubkey);
    this.author.publish(MEMBER_LIST_KIND, kept);
  }
}

function pubkeysIn(tags: string[][]): string[] {
  return tags.flatMap(([name, value]) => (name === "member" && value ? [value] : []));
}
