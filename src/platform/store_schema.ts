import type { DatabaseSync } from "node:sqlite";

/**
 * Marks a database file as a store of ours (SQLite's application_id: "p2ps" in ASCII), so that another program's
 * database is refused and not migrated.
 */
export const STORE_APPLICATION_ID = 0x70327073;

/**
 * What has to be done to a store of format n to make it one of format n + 1; row 0 makes a new file. A row that was ever
 * released is never edited: a change of the schema is a new row at the end.
 */
export const MIGRATIONS: readonly string[] = [
  `
  -- The network whose chain this is: one row.
  CREATE TABLE network (
    name TEXT NOT NULL,
    genesis BLOB NOT NULL
  ) STRICT;

  -- Rows are appended in order of arrival, which a random key would make several times slower; hence the index beside.
  CREATE TABLE headers (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,              -- 32 bytes in display order: hex(hash) is what people know
    raw BLOB NOT NULL,                      -- 80 bytes as on the Bitcoin wire
    block_size INTEGER NOT NULL DEFAULT 0,  -- bytes; 0: the block is not stored. Here, so that no block has to be read
    invalid INTEGER NOT NULL DEFAULT 0      -- 1: the block breaks a rule
  ) STRICT;

  CREATE TABLE blocks (
    id INTEGER PRIMARY KEY,                 -- of the header
    raw BLOB NOT NULL                       -- as on the Bitcoin wire
  ) STRICT;

  CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE addresses (
    endpoint TEXT PRIMARY KEY,              -- host:port
    record TEXT NOT NULL                    -- JSON, see src/net/address_book/record.ts
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE bans (
    subnet TEXT PRIMARY KEY,                -- an address, or a range of them in CIDR notation
    until INTEGER NOT NULL,                 -- Unix seconds
    reason TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- Peers to return to after a restart.
  CREATE TABLE anchors (
    id INTEGER PRIMARY KEY,                 -- their order
    endpoint TEXT NOT NULL
  ) STRICT;
  `,
  `
  -- Checksums of a row, see store_seals.ts; NULL in a row that an older format wrote.
  ALTER TABLE headers ADD COLUMN seal INTEGER;
  ALTER TABLE blocks ADD COLUMN seal INTEGER;
  `,
  `
  ALTER TABLE settings ADD COLUMN seal INTEGER;
  ALTER TABLE addresses ADD COLUMN seal INTEGER;
  ALTER TABLE bans ADD COLUMN seal INTEGER;
  ALTER TABLE anchors ADD COLUMN seal INTEGER;
  `,
];

/** The format that this program writes, and the newest one that it reads. */
export const STORE_FORMAT = MIGRATIONS.length;

/** Brings the store from `format` to the newest one, as one unit: after a crash it is the old store or the new one. */
export function migrate(database: DatabaseSync, format: number, migrations: readonly string[] = MIGRATIONS): void {
  if (format === migrations.length) return;
  database.exec("BEGIN EXCLUSIVE");
  try {
    for (const step of migrations.slice(format)) database.exec(step);
    database.exec(`PRAGMA application_id = ${STORE_APPLICATION_ID}; PRAGMA user_version = ${migrations.length}`);
    database.exec("COMMIT");
  } catch (error) {
    // SQLite has already rolled back by itself after some errors; then a second rollback would hide the first error.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
