import { Buffer } from "node:buffer";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { LocalError } from "../protocol/errors.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import { type Hash, HASH_SIZE_BYTES } from "../util/hash.ts";
import { bytesToHex } from "../util/hex.ts";
import { explainSqliteError } from "./sqlite_error.ts";
import { checkBlock, checkHash, checkHeader, closedStore, unknownHeader } from "./store_checks.ts";
import { migrate, STORE_APPLICATION_ID, STORE_FORMAT } from "./store_schema.ts";
import type { Store, StoredHeader } from "./types.ts";

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

/** Headers read at a time: enough that the call costs nothing, few enough that they do not matter. */
const HEADERS_PER_READ = 1000;

export interface SqliteStoreOptions {
  /** The database never grows beyond so many bytes: a write that would make it fails as on a full disk. */
  readonly maxBytes?: number;
}

/**
 * Opens the store in the file `path`, which is made if need be; its directory must exist. No other process can have it
 * open meanwhile.
 *
 * Commits survive the death of the process at any moment (kill -9, a crash): they are in the log, in the system's hands.
 * They are not forced to the disk one by one (SQLite's synchronous=NORMAL, ten times faster): after a power failure the
 * store is consistent, but the last commits may be missing, as if the process had been killed a little earlier.
 *
 * A write that fails (disk full, damaged file) ends the store: everything since the last commit is undone, and every
 * later call but `close` throws the same error, so that no half of a batch can be committed.
 *
 * Throws LocalError: store-locked, store-newer, store-mismatch (another network or program), store-corrupt, store-full,
 * bad-file (cannot be opened or written).
 */
export function openSqliteStore(
  path: string,
  network: Pick<NetworkParams, "name" | "genesisHash">,
  options: SqliteStoreOptions = {},
): Store {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    prepareDatabase(database, path, options);
    checkNetwork(database, path, network);
    return new SqliteStore(path, database);
  } catch (error) {
    database?.close();
    throw explainSqliteError(`open ${path}`, error);
  }
}

function prepareDatabase(database: DatabaseSync, path: string, { maxBytes }: SqliteStoreOptions): void {
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

function checkNetwork(
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

/** Shapes of the rows, which the schema's STRICT tables guarantee. */
interface HeaderRow {
  readonly id: number;
  readonly hash: Uint8Array;
  readonly raw: Uint8Array;
  readonly block_size: number;
  readonly invalid: number;
}

type Statements = ReturnType<typeof prepareStatements>;

function prepareStatements(database: DatabaseSync) {
  return {
    begin: database.prepare("BEGIN"),
    commit: database.prepare("COMMIT"),
    headersAfter: database.prepare(
      `SELECT id, hash, raw, block_size, invalid FROM headers WHERE id > ? ORDER BY id LIMIT ${HEADERS_PER_READ}`,
    ),
    putHeader: database.prepare("INSERT INTO headers (hash, raw) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING"),
    setBlockSize: database.prepare("UPDATE headers SET block_size = ? WHERE hash = ? RETURNING id"),
    putBlock: database.prepare("INSERT OR REPLACE INTO blocks (id, raw) VALUES (?, ?)"),
    block: database.prepare("SELECT raw FROM blocks WHERE id = (SELECT id FROM headers WHERE hash = ?)"),
    removeBlock: database.prepare("DELETE FROM blocks WHERE id = ?"),
    setInvalid: database.prepare("UPDATE headers SET invalid = ? WHERE hash = ? RETURNING id"),
    setting: database.prepare("SELECT value FROM settings WHERE name = ?"),
    putSetting: database.prepare("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)"),
  };
}

/** The store over an open database whose schema is the newest. */
class SqliteStore implements Store {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  /** One hash as bytes, for the statement that runs next: SQLite copies what it keeps. */
  readonly #key = Buffer.alloc(HASH_SIZE_BYTES);
  #isInTransaction = false;
  /** Why nothing can be done any more. */
  #ended: LocalError | undefined;

  constructor(path: string, database: DatabaseSync) {
    this.#path = path;
    this.#database = database;
    this.#statements = prepareStatements(database);
  }

  /** Read in parts, so that writing meanwhile is allowed; headers put meanwhile come last. */
  *headers(): Generator<StoredHeader> {
    for (let lastId = 0;;) {
      const rows = this.#readAll(this.#statements.headersAfter, lastId) as unknown as HeaderRow[];
      for (const { hash, raw, invalid, block_size: blockSize } of rows) {
        yield { hash: bytesToHex(hash), raw, invalid: invalid !== 0, blockSize };
      }
      if (rows.length === 0) return;
      lastId = rows[rows.length - 1]!.id;
    }
  }

  putHeader(hash: Hash, raw: Uint8Array): void {
    checkHeader(hash, raw);
    this.#write(this.#statements.putHeader, this.#keyOf(hash), raw);
  }

  putBlock(hash: Hash, raw: Uint8Array): void {
    checkBlock(hash, raw);
    const header = this.#write(this.#statements.setBlockSize, raw.length, this.#keyOf(hash));
    if (header === undefined) throw unknownHeader("store block", hash);
    this.#write(this.#statements.putBlock, header.id!, raw);
  }

  block(hash: Hash): Uint8Array | undefined {
    return this.#read(this.#statements.block, this.#keyOf(hash))?.raw as Uint8Array | undefined;
  }

  removeBlock(hash: Hash): void {
    const header = this.#write(this.#statements.setBlockSize, 0, this.#keyOf(hash));
    if (header !== undefined) this.#write(this.#statements.removeBlock, header.id!);
  }

  setInvalid(hash: Hash, invalid: boolean): void {
    const header = this.#write(this.#statements.setInvalid, invalid ? 1 : 0, this.#keyOf(hash));
    if (header === undefined) throw unknownHeader("mark block", hash);
  }

  setting(name: string): string | undefined {
    return this.#read(this.#statements.setting, name)?.value as string | undefined;
  }

  putSetting(name: string, value: string): void {
    this.#write(this.#statements.putSetting, name, value);
  }

  commit(): void {
    if (this.#ended) throw this.#ended;
    if (!this.#isInTransaction) return;
    try {
      this.#statements.commit.run();
      this.#isInTransaction = false;
    } catch (error) {
      throw this.#fail(error);
    }
  }

  close(): void {
    if (this.#ended) return;
    this.commit();
    this.#end(closedStore());
  }

  #keyOf(hash: Hash): Uint8Array {
    // Asked first, because Buffer takes the leading digits of a string that is too long or not hex.
    checkHash(hash);
    this.#key.write(hash, "hex");
    return this.#key;
  }

  #read(statement: StatementSync, key: SQLInputValue) {
    if (this.#ended) throw this.#ended;
    try {
      return statement.get(key);
    } catch (error) {
      throw explainSqliteError(`read ${this.#path}`, error);
    }
  }

  #readAll(statement: StatementSync, key: SQLInputValue) {
    if (this.#ended) throw this.#ended;
    try {
      return statement.all(key);
    } catch (error) {
      throw explainSqliteError(`read ${this.#path}`, error);
    }
  }

  /** Runs a statement in the open transaction, or in a new one; the row that it returns, if any. */
  #write(statement: StatementSync, ...values: SQLInputValue[]) {
    if (this.#ended) throw this.#ended;
    try {
      if (!this.#isInTransaction) {
        this.#statements.begin.run();
        this.#isInTransaction = true;
      }
      return statement.get(...values);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** After a failed write part of the batch may be gone: committing the rest would break the unit that it was. */
  #fail(error: unknown): unknown {
    const explained = explainSqliteError(`write ${this.#path}`, error);
    if (explained instanceof LocalError) this.#end(explained);
    return explained;
  }

  #end(reason: LocalError): void {
    this.#ended = reason;
    this.#database.close();
  }
}
