import { Buffer } from "node:buffer";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { LocalError } from "../protocol/errors.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import { type Hash, HASH_SIZE_BYTES } from "../util/hash.ts";
import { bytesToHex } from "../util/hex.ts";
import { explainReadOnly, explainSqliteError } from "./sqlite_error.ts";
import { checkNetwork, prepareDatabase, type SqliteStoreOptions } from "./sqlite_file.ts";
import { checkBlock, checkHash, checkHeader, checkUntil, closedStore, unknownHeader } from "./store_checks.ts";
import {
  checkTexts,
  damaged,
  isHeaderWhole,
  openSealedBlock,
  SEAL_OF_BLOCK_SIZE,
  sealBlock,
  type SealedBlock,
  sealHeader,
  sealTexts,
} from "./store_seals.ts";
import type { Store, StoredAddress, StoredBan, StoredHeader } from "./types.ts";

/** Headers read at a time: enough that the call costs nothing, few enough that they do not matter. */
const HEADERS_PER_READ = 1000;

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
    return asOfOurFormat(path, () => {
      checkNetwork(database!, path, network);
      return new SqliteStore(path, database!);
    });
  } catch (error) {
    database?.close();
    const explained = explainSqliteError(`open ${path}`, error);
    const isOfFile = explained instanceof LocalError && explained.code === "bad-file";
    throw isOfFile ? explainReadOnly([path, `${path}-wal`], explained) ?? explained : explained;
  }
}

/** A schema of our format that does not have our tables is a damaged one. */
function asOfOurFormat<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof LocalError || explainSqliteError("", error) instanceof LocalError) throw error;
    throw damaged(path, error);
  }
}

/** Shapes of the rows, which the schema's STRICT tables guarantee. */
interface HeaderRow {
  readonly id: number;
  readonly hash: Uint8Array;
  readonly raw: Uint8Array;
  readonly block_size: number;
  readonly invalid: number;
  readonly seal: number | null;
}

type Statements = ReturnType<typeof prepareStatements>;

function prepareStatements(database: DatabaseSync) {
  return {
    begin: database.prepare("BEGIN"),
    commit: database.prepare("COMMIT"),
    headersAfter: database.prepare(
      `SELECT id, hash, raw, block_size, invalid, seal FROM headers WHERE id > ? ORDER BY id LIMIT ${HEADERS_PER_READ}`,
    ),
    putHeader: database.prepare(
      "INSERT INTO headers (hash, raw, seal) VALUES (?, ?, ?) ON CONFLICT (hash) DO NOTHING",
    ),
    setBlockSize: database.prepare(
      `UPDATE headers SET block_size = ?1, seal = seal + ${SEAL_OF_BLOCK_SIZE} * (?1 - block_size) WHERE hash = ?2
      RETURNING id`,
    ),
    putBlock: database.prepare("INSERT OR REPLACE INTO blocks (id, raw, seal) VALUES (?, ?, ?)"),
    block: database.prepare(
      `SELECT block_size, blocks.raw, blocks.seal FROM headers LEFT JOIN blocks ON blocks.id = headers.id
      WHERE hash = ?`,
    ),
    removeBlock: database.prepare("DELETE FROM blocks WHERE id = ?"),
    setInvalid: database.prepare(
      "UPDATE headers SET invalid = ?1, seal = seal + ?1 - invalid WHERE hash = ?2 RETURNING id",
    ),
    setting: database.prepare("SELECT value, seal FROM settings WHERE name = ?"),
    putSetting: database.prepare("INSERT OR REPLACE INTO settings (name, value, seal) VALUES (?, ?, ?)"),
    addresses: database.prepare("SELECT endpoint, record, seal FROM addresses"),
    putAddress: database.prepare("INSERT OR REPLACE INTO addresses (endpoint, record, seal) VALUES (?, ?, ?)"),
    removeAddress: database.prepare("DELETE FROM addresses WHERE endpoint = ?"),
    // A number that JavaScript cannot hold would make the whole answer unreadable.
    bans: database.prepare(
      `SELECT subnet, max(0, min(until, ${Number.MAX_SAFE_INTEGER})) AS until, reason, seal FROM bans`,
    ),
    putBan: database.prepare("INSERT OR REPLACE INTO bans (subnet, until, reason, seal) VALUES (?, ?, ?, ?)"),
    removeBan: database.prepare("DELETE FROM bans WHERE subnet = ?"),
    anchors: database.prepare("SELECT endpoint, seal FROM anchors ORDER BY id"),
    removeAnchors: database.prepare("DELETE FROM anchors"),
    putAnchor: database.prepare("INSERT INTO anchors (endpoint, seal) VALUES (?, ?)"),
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
      for (const row of rows) {
        if (!isHeaderWhole(row)) throw damaged(this.#path);
        const { hash, raw, invalid, block_size: blockSize } = row;
        yield { hash: bytesToHex(hash), raw, invalid: invalid !== 0, blockSize };
      }
      if (rows.length === 0) return;
      lastId = rows[rows.length - 1]!.id;
    }
  }

  putHeader(hash: Hash, raw: Uint8Array): void {
    checkHeader(hash, raw);
    const key = this.#keyOf(hash);
    this.#write(this.#statements.putHeader, key, raw, sealHeader(key, raw));
  }

  putBlock(hash: Hash, raw: Uint8Array): void {
    checkBlock(hash, raw);
    const header = this.#write(this.#statements.setBlockSize, raw.length, this.#keyOf(hash));
    if (header === undefined) throw unknownHeader("store block", hash);
    this.#write(this.#statements.putBlock, header.id!, raw, sealBlock(this.#key, raw));
  }

  block(hash: Hash): Uint8Array | undefined {
    const key = this.#keyOf(hash);
    const row = this.#read(this.#statements.block, key) as SealedBlock | undefined;
    return row && openSealedBlock(this.#path, key, row);
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
    const row = this.#read(this.#statements.setting, name);
    return row && checkTexts(this.#path, row, ["value"], ({ value }) => [name, value]).value;
  }

  putSetting(name: string, value: string): void {
    this.#write(this.#statements.putSetting, name, value, sealTexts(name, value));
  }

  addresses(): readonly StoredAddress[] {
    return this.#readAll(this.#statements.addresses).map((row) => {
      const { endpoint, record } = checkTexts(this.#path, row, ["endpoint", "record"]);
      return { endpoint, record };
    });
  }

  putAddress({ endpoint, record }: StoredAddress): void {
    this.#write(this.#statements.putAddress, endpoint, record, sealTexts(endpoint, record));
  }

  removeAddress(endpoint: string): void {
    this.#write(this.#statements.removeAddress, endpoint);
  }

  bans(): readonly StoredBan[] {
    return this.#readAll(this.#statements.bans).map((row) => {
      const { until } = row;
      if (typeof until !== "number") throw damaged(this.#path);
      const names = ["subnet", "reason"] as const;
      const { subnet, reason } = checkTexts(this.#path, row, names, (texts) => [texts.subnet, until, texts.reason]);
      return { subnet, until, reason };
    });
  }

  putBan({ subnet, until, reason }: StoredBan): void {
    checkUntil(subnet, until);
    this.#write(this.#statements.putBan, subnet, until, reason, sealTexts(subnet, until, reason));
  }

  removeBan(subnet: string): void {
    this.#write(this.#statements.removeBan, subnet);
  }

  anchors(): readonly string[] {
    return this.#readAll(this.#statements.anchors).map((row) => checkTexts(this.#path, row, ["endpoint"]).endpoint);
  }

  putAnchors(endpoints: readonly string[]): void {
    this.#write(this.#statements.removeAnchors);
    for (const endpoint of endpoints) this.#write(this.#statements.putAnchor, endpoint, sealTexts(endpoint));
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

  #readAll(statement: StatementSync, ...values: SQLInputValue[]) {
    if (this.#ended) throw this.#ended;
    try {
      return statement.all(...values);
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
