import { Buffer } from "node:buffer";
import type { DatabaseSync } from "node:sqlite";
import { LocalError } from "../protocol/errors.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import { bytesToHex } from "../util/hex.ts";
import { migrate, STORE_APPLICATION_ID, STORE_FORMAT } from "./store_schema.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * Bytes. A compromise (bench/store.ts, 3 runtimes, two runs each): 4 KiB stores blocks of 1 MB up to a third slower, but
 * single small commits a third faster or more; 16 KiB makes those 20 to 55 % slower.
 */
const PAGE_BYTES = 8 * KIB;

/**
 * Bytes of log after which a commit also moves it into the database. 64 MiB is mostly 5 to 25 % faster, but the slowest
 * commit of 4 MB stalls the loop for 135 to 180 ms instead of 22 to 35 ms (bench/store.ts).
 */
const CHECKPOINT_BYTES = 4 * MIB;

/** Bytes of pages in memory: the upper levels of the hash index of a chain of a million headers, and then some. */
const CACHE_BYTES = 16 * MIB;

export interface SqliteStoreOptions {
  /** The database never grows beyond so many bytes: a write that would make it fails as on a full disk. */
  readonly maxBytes?: number;
}

/** Makes an open database a store of the newest format: pragmas, checks, migration. Throws as openSqliteStore does. */
export function prepareDatabase(database: DatabaseSync, path: string, { maxBytes }: SqliteStoreOptions): void {
  // Exclusive: the log needs no shared memory, and a second process is refused even if it ignores the directory's lock.
  database.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA page_size = ${PAGE_BYTES}`);
  const format = readFormat(database, path);
  if (readPragma(database, "journal_mode = WAL") !== "wal") {
    throw new LocalError("bad-file", `Cannot open ${path}: its file system cannot hold a write-ahead log`);
  }
  const pageBytes = Number(readPragma(database, "page_size"));
  database.exec(`
    PRAGMA synchronous = NORMAL;
    PRAGMA checkpoint_fullfsync = ON; -- macOS keeps the order of writes over a power failure only if asked to
    PRAGMA wal_autocheckpoint = ${Math.floor(CHECKPOINT_BYTES / pageBytes)};
    PRAGMA journal_size_limit = ${CHECKPOINT_BYTES};
    PRAGMA cache_size = ${-CACHE_BYTES / KIB};
  `);
  if (maxBytes !== undefined) database.exec(`PRAGMA max_page_count = ${Math.floor(maxBytes / pageBytes)}`);
  migrate(database, format);
}

/** The format of a store of ours that this program can read; 0 for a new file. */
function readFormat(database: DatabaseSync, path: string): number {
  const applicationId = readPragma(database, "application_id");
  const format = Number(readPragma(database, "user_version"));
  const isEmpty = database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined;
  if (isEmpty && format === 0) return 0;
  if (applicationId !== STORE_APPLICATION_ID) {
    throw new LocalError("store-mismatch", `Cannot open ${path}: it is a database of another program`);
  }
  if (format > STORE_FORMAT) {
    throw new LocalError(
      "store-newer",
      `Cannot open ${path}: written by a newer p2p (format ${format}, this one reads up to ${STORE_FORMAT})`,
    );
  }
  return format;
}

function readPragma(database: DatabaseSync, pragma: string): unknown {
  const row = database.prepare(`PRAGMA ${pragma}`).get();
  return row && Object.values(row)[0];
}

/** Notes whose chain a new store holds; throws LocalError if an old one holds another. */
export function checkNetwork(
  database: DatabaseSync,
  path: string,
  network: Pick<NetworkParams, "name" | "genesisHash">,
): void {
  const row = database.prepare("SELECT name, genesis FROM network").get();
  if (row === undefined) {
    const genesis = Buffer.from(network.genesisHash, "hex");
    database.prepare("INSERT INTO network (name, genesis) VALUES (?, ?)").run(network.name, genesis);
    return;
  }
  const genesisHash = bytesToHex(row.genesis as Uint8Array);
  if (row.name === network.name && genesisHash === network.genesisHash) return;
  throw new LocalError(
    "store-mismatch",
    `Cannot open ${path}: it holds network ${row.name} (genesis ${genesisHash}): ` +
      `received ${network.name} (genesis ${network.genesisHash}); choose another --data-dir`,
  );
}
