import type { Config } from "./config.ts";
import type { ConfigDirectory } from "./config-directory.ts";
import type { Losses } from "./losses.ts";
import { Fatal, VirtualRelay } from "./virtual-relay.ts";

/** The live relays: zooid's watch on its config directory. */
export class Registry {
  readonly #byId = new Map<string, VirtualRelay>();
  readonly #byHost = new Map<string, VirtualRelay>();
  readonly #pending = new Set<Timer>();
  /** False: the watch is on a directory that is gone, and sees nothing until the process starts again. */
  #isWatching = true;

  constructor(
    readonly directory: ConfigDirectory,
    /** How long after a write its config is live. */
    readonly liveDelayMs: number,
    /** `died` is told once a config killed the process. */
    readonly fate: { died: (reason: string) => void; isDeadly: (config: Config) => boolean },
    readonly losses: Readonly<Losses>,
  ) {}

  /** @param host - Host header, compared byte for byte. */
  find(host: string): VirtualRelay | undefined {
    return this.#byHost.get(host);
  }

  /**
   * A file was written or removed. The swap is not atomic: for a moment the old config still serves,
   * then nobody does, then the new one.
   */
  changed(id: string): void {
    if (!this.#isWatching) return;
    this.#later(this.liveDelayMs / 2, () => this.#drop(id));
    this.#later(this.liveDelayMs, () => this.#load([id]));
  }

  /** Loads every config there is, as a process that starts does after it listens already. */
  scan(): void {
    this.#isWatching = true;
    const ids = this.directory.ids();
    this.#later(this.liveDelayMs, () => this.#load(ids));
  }

  /** The directory that it watches is removed: its relays go, and it never sees another. */
  loseSight(): void {
    this.clear();
    this.#isWatching = false;
  }

  /** Forgets all that is live or on its way. */
  clear(): void {
    for (const timer of this.#pending) clearTimeout(timer);
    this.#pending.clear();
    this.#byId.clear();
    this.#byHost.clear();
  }

  #later(delayMs: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#pending.delete(timer);
      run();
    }, delayMs);
    this.#pending.add(timer);
  }

  #drop(id: string): void {
    const relay = this.#byId.get(id);
    if (relay === undefined) return;
    this.#byId.delete(id);
    if (this.#byHost.get(relay.config.host) === relay) this.#byHost.delete(relay.config.host);
  }

  #load(ids: string[]): void {
    for (const id of ids) {
      this.#drop(id);
      try {
        const config = this.directory.read(id);
        if (config === null) continue;
        if (this.fate.isDeadly(config)) throw new Fatal(`relay ${id}: panic: runtime error`);
        const relay = new VirtualRelay(id, config, this.directory.db, this.losses);
        if (config.inactive) continue;
        this.#byId.set(id, relay);
        this.#byHost.set(config.host, relay);
      } catch (error) {
        // Anything else that fails to load leaves its relay down, and nobody is told.
        if (!(error instanceof Fatal)) continue;
        this.fate.died(error.message);
        return;
      }
    }
  }
}
