import type { Server } from "bun";
import type { Config } from "./config.ts";
import { ConfigDirectory } from "./config-directory.ts";
import { openDatabase } from "./database.ts";
import { type Losses, NO_LOSSES } from "./losses.ts";
import { type ManagementRequest, manage } from "./management.ts";
import { Registry } from "./registry.ts";
import { plainNotFound, serveRelay } from "./relay-http.ts";
import { type Connection, newConnection, socketHandlers } from "./socket.ts";
import { Fatal } from "./virtual-relay.ts";

const MAX_REQUESTS_KEPT = 10_000;

type ZooidMode = "ok" | "down";

/** A running stand-in for zooid: one port for its management API and for every relay, told apart by Host. */
export type Zooid = {
  port: number;
  /** `http://127.0.0.1:<port>`; the management API answers when Host says so, relays when it names them. */
  url: string;
  /** Relays live at `<subdomain>.<relayDomain>`; it is `localhost:<port>`. */
  relayDomain: string;
  readonly mode: ZooidMode;
  /** Why the process died of a config it had accepted, or null. It dies again at each restart until wiped. */
  readonly crashed: string | null;
  /** `down` refuses connections and cuts open sockets; `ok` starts the process again on the same port. */
  setMode(mode: ZooidMode): void;
  /** Loses every config. Events and members stay in the database and return with their schema. */
  wipe(): void;
  /** The CONFIG directory itself is removed: no relay is served, nothing can be written. */
  removeDirectory(): void;
  /**
   * It is there again, empty (a volume mounted anew). Writes succeed, and nothing is served: the watch is
   * on the directory that is gone. A restart heals it.
   */
  recreateDirectory(): void;
  /** All config files, as a backup keeps them. */
  backup(): Map<string, Config>;
  /** An old backup is copied over the directory: its files are served again at once. */
  restore(files: Map<string, Config>): void;
  /** What an operator does to a zooid that dies of one config: takes its file out, and starts it again. */
  takeOut(id: string): void;
  /** It dies of every config that it loads with this name, of a fault nobody knows; null: of none. */
  setDeadlyName(name: string | null): void;
  /** What it loses where calls fall together; nothing at the start. */
  setLosses(next: Partial<Losses>): void;
  /** Management requests that were answered, oldest first, the last 10,000. */
  readonly requests: ManagementRequest[];
  /** Every relay that has a config, by id. */
  relays(): { id: string; host: string; schema: string; inactive: boolean }[];
  stop(): Promise<void>;
};

export type ZooidOptions = {
  /** 0 or absent: a free one. */
  port?: number;
  /** API_WHITELIST: lower-case hex pubkeys that may manage. Empty switches the API off. */
  whitelist: string[];
  /** File that holds configs, events and members; absent: in memory. */
  databasePath?: string;
  /** What a write costs, by the number of files: zooid took 4 ms at a few and 60 ms at 1,050. Nothing if absent. */
  writeCostMs?: (files: number) => number;
  /** How long after a 2xx a config is live; about 4 ms as measured on zooid itself. */
  liveDelayMs?: number;
};

/** Starts a zooid on loopback. @throws when the port is taken. */
export async function startZooid(options: ZooidOptions): Promise<Zooid> {
  const db = openDatabase(options.databasePath);
  const directory = new ConfigDirectory(db);
  let deadlyName: string | null = null;
  const losses: Losses = { ...NO_LOSSES };
  const registry = new Registry(
    directory,
    options.liveDelayMs ?? 4,
    { died: die, isDeadly: (config) => config.info.name === deadlyName },
    losses,
  );
  const requests: ManagementRequest[] = [];
  let mode: ZooidMode = "ok";
  let crashed: string | null = null;
  let server: Server<Connection> | null = null;
  let port = options.port ?? 0;

  let writing: Promise<void> = Promise.resolve();
  const { writeCostMs } = options;
  const management = {
    pay(): Promise<void> {
      if (!writeCostMs) return Promise.resolve();
      // One after the other: it is one process's work.
      writing = writing.then(() => Bun.sleep(writeCostMs(directory.ids().length)));
      return writing;
    },
    directory,
    whitelist: options.whitelist,
    changed: (id: string) => registry.changed(id),
    answered(request: ManagementRequest) {
      requests.push(request);
      if (requests.length > MAX_REQUESTS_KEPT) requests.shift();
    },
  };

  function rewriteInfo(id: string, info: Partial<Config["info"]>): void {
    const config = directory.read(id);
    if (config === null) return;
    directory.write(id, { ...config, info: { ...config.info, ...info } });
    registry.changed(id);
  }

  async function dispatch(request: Request, at: Server<Connection>): Promise<Response | undefined> {
    const host = request.headers.get("host") ?? "";
    const isApiOn = options.whitelist.length > 0;
    if (isApiOn && host === `127.0.0.1:${port}`) return await manage(request, management);
    const relay = registry.find(host);
    if (relay === undefined) return plainNotFound("Not Found");
    if (request.headers.get("upgrade") !== "websocket") {
      return await serveRelay(request, relay, rewriteInfo);
    }
    if (at.upgrade(request, { data: newConnection(relay, request) })) return undefined;
    return new Response("Bad Request", { status: 400 });
  }

  function boot(): void {
    if (server !== null) return;
    crashed = null;
    // It makes the directory where there is none.
    directory.isThere = true;
    server = Bun.serve<Connection>({
      hostname: "127.0.0.1",
      port,
      development: false,
      // Outside development Bun would share a port in use instead of failing.
      reusePort: false,
      fetch: dispatch,
      websocket: { ...socketHandlers, message: messageOrDeath },
    });
    port = server.port ?? port;
    registry.scan();
  }

  async function messageOrDeath(
    ...message: Parameters<typeof socketHandlers.message>
  ): Promise<void> {
    try {
      await socketHandlers.message(...message);
    } catch (error) {
      if (!(error instanceof Fatal)) throw error;
      die(error.message);
    }
  }

  function halt(): Promise<void> | undefined {
    registry.clear();
    const stopped = server?.stop(true);
    server = null;
    return stopped;
  }

  function die(reason: string): void {
    crashed = reason;
    void halt();
  }

  boot();
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    relayDomain: `localhost:${port}`,
    requests,
    get mode() {
      return mode;
    },
    get crashed() {
      return crashed;
    },
    setMode(next) {
      mode = next;
      if (next === "ok") boot();
      else void halt();
    },
    wipe() {
      directory.removeAll();
      registry.clear();
      crashed = null;
      if (mode === "ok") boot();
    },
    removeDirectory() {
      directory.removeAll();
      directory.isThere = false;
      registry.loseSight();
    },
    recreateDirectory() {
      directory.isThere = true;
    },
    backup: () =>
      new Map(
        directory.ids().flatMap((id) => {
          const config = directory.read(id);
          return config ? [[id, config] as const] : [];
        }),
      ),
    restore(files) {
      for (const [id, config] of files) {
        directory.write(id, config);
        registry.changed(id);
      }
    },
    takeOut(id) {
      directory.remove(id);
      if (mode === "ok") boot();
    },
    setDeadlyName(name) {
      deadlyName = name;
    },
    setLosses(next) {
      Object.assign(losses, next);
    },
    relays: () =>
      directory.ids().flatMap((id) => {
        const config = directory.read(id);
        return config
          ? [{ id, host: config.host, schema: config.schema, inactive: config.inactive }]
          : [];
      }),
    async stop() {
      await halt();
      db.close();
    },
  };
}
