import { Database } from "bun:sqlite";

/**
 * Opens the one database of the process.
 *
 * `config` stands for the CONFIG directory, one row for each `<id>.toml`. `event`, `blob` and `ban` hold
 * every tenant's data; tenants are told apart by the slug of their schema alone, so whoever gets a
 * used schema sees what is already there.
 */
export function openDatabase(path = ":memory:"): Database {
  const db = new Database(path, { create: true });
  db.run("PRAGMA journal_mode = WAL");
  db.run("PRAGMA synchronous = NORMAL");
  db.run(`
    CREATE TABLE IF NOT EXISTS config
      (id TEXT PRIMARY KEY, host TEXT NOT NULL, schema TEXT NOT NULL, json TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS config_host ON config (host);
    CREATE INDEX IF NOT EXISTS config_schema ON config (schema);
    CREATE TABLE IF NOT EXISTS event
      (slug TEXT NOT NULL, id TEXT NOT NULL, kind INTEGER NOT NULL, pubkey TEXT NOT NULL,
       d TEXT NOT NULL, created_at INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (slug, id));
    CREATE INDEX IF NOT EXISTS event_kind ON event (slug, kind, pubkey, d);
    CREATE TABLE IF NOT EXISTS blob
      (slug TEXT NOT NULL, hash TEXT NOT NULL, type TEXT NOT NULL, body BLOB NOT NULL,
       PRIMARY KEY (slug, hash));
    CREATE TABLE IF NOT EXISTS ban
      (slug TEXT NOT NULL, banned TEXT NOT NULL, value TEXT NOT NULL, reason TEXT NOT NULL,
       PRIMARY KEY (slug, banned, value));
  `);
  return db;
}
