import type { ParsedBlock } from "../chain/block.ts";
import type { BlockFault } from "../chain/outcomes.ts";
import { isCoinbase, transactionFault } from "../chain/transaction_rules.ts";
import { INV_TX, INV_WTX, type InvItem } from "../protocol/messages.ts";
import { MAX_POOL_TRANSACTION_BYTES, MAX_WITNESS_VERSIONS } from "../protocol/relay_params.ts";
import {
  type ParsedTransaction,
  parseTransaction,
  type TransactionIds,
  withoutWitness,
} from "../protocol/transaction.ts";
import { BitSet } from "../util/bit_set.ts";
import { type Hash, HASH_SIZE_BYTES, type Hasher, hashFromBytes } from "../util/hash.ts";
import { RecentHashes } from "../util/recent_hashes.ts";
import { TwoGenerationSet } from "../util/two_generation_set.ts";

export interface TransactionPoolOptions {
  readonly hasher: Hasher;
  readonly maxBytes: number;
  readonly maxCount: number;
  readonly maxAgeMs: number;
  /** How many ids of transactions that left are remembered, at the least, of each of two sorts. */
  readonly settledCapacity: number;
  /** `ID_SECRET_BYTES` that nobody else knows. */
  readonly secret: Uint8Array;
}

/** One unconfirmed transaction. The bytes belong to the pool and never change. */
export interface PooledTransaction extends TransactionIds {
  readonly raw: Uint8Array;
  /** By `env.now()`. */
  readonly addedAt: number;
  /** Satoshi per 1,000 virtual bytes if whoever gave it said so: without the coins it spends it cannot be computed. */
  readonly feeRate: bigint | undefined;
  /** How it is announced by txid and by wtxid, made once for all peers. */
  readonly asTx: InvItem;
  readonly asWtx: InvItem;
  /** Numbers of the peers that have it, kept by whoever relays it. */
  readonly knownTo: BitSet;
}

/** Why a transaction is not of the form that one has. */
export type TransactionRefusal = BlockFault | "coinbase" | "over-standard-size";

export type PoolOutcome =
  | { readonly kind: "added" | "known"; readonly transaction: PooledTransaction }
  /** It was here and left, into a block or for want of room or age. */
  | { readonly kind: "settled" }
  | { readonly kind: "refused"; readonly reason: TransactionRefusal };

/** In order of arrival, so that the oldest is found at once however many left before. */
interface Held extends PooledTransaction {
  older: Held | undefined;
  newer: Held | undefined;
  /** The one that came before with the same txid and another witness. */
  otherVersion: Held | undefined;
}

/**
 * Transactions that no block holds yet, as far as we know. They are checked for their form and nothing else: whether
 * the coins exist, the scripts hold or another transaction spends the same, a node without a coin table cannot tell.
 * Bounded in bytes, number and age; the oldest leaves first.
 *
 * A transaction is what its wtxid names. Anybody can put another witness on an honest one, and which of the two is good
 * we cannot tell: so both are kept, else the bad copy would keep the good one from getting through.
 */
export class TransactionPool {
  readonly #options: TransactionPoolOptions;
  readonly #byWtxid = new Map<Hash, Held>();
  /** The newest version. */
  readonly #byTxid = new Map<Hash, Held>();
  /** Both ids of transactions in recent blocks. */
  readonly #confirmed: RecentHashes;
  /** Wtxids of what left for want of room or age, or was refused; and txids of what no witness would make right. */
  readonly #gone: TwoGenerationSet<Hash>;
  #oldest: Held | undefined;
  #newest: Held | undefined;
  #bytes = 0;

  constructor(options: TransactionPoolOptions) {
    this.#options = options;
    this.#confirmed = new RecentHashes({ capacity: options.settledCapacity, secret: options.secret });
    this.#gone = new TwoGenerationSet(options.settledCapacity);
  }

  get count(): number {
    return this.#byWtxid.size;
  }

  /** Bytes of the serialised transactions. */
  get bytes(): number {
    return this.#bytes;
  }

  /** By txid or wtxid. */
  has(id: Hash): boolean {
    return this.#byWtxid.has(id) || this.#byTxid.has(id);
  }

  /** By wtxid, or the newest version by txid. */
  get(id: Hash): PooledTransaction | undefined {
    return this.#byWtxid.get(id) ?? this.#byTxid.get(id);
  }

  /** What an announcement names. */
  find({ kind, hash }: InvItem): PooledTransaction | undefined {
    return kind === INV_WTX ? this.#byWtxid.get(hash) : this.#byTxid.get(hash);
  }

  /**
   * Whether an announced transaction is worth asking for: it is neither here nor was it lately. What is named by txid and
   * had a witness may be another version than the one that left, perhaps the good one; without a witness both ids are one,
   * and what was refused whatever its witness is named by both.
   */
  lacks(item: InvItem): boolean {
    return !this.find(item) && !this.#confirmed.has(item.hash) && !this.#gone.has(item.hash);
  }

  /** Visits each transaction once, the oldest first. */
  forEach(visit: (transaction: PooledTransaction) => void): void {
    for (let each = this.#oldest; each; each = each.newer) visit(each);
  }

  /** Visits the `max` that came last, the newest first. */
  forNewest(max: number, visit: (transaction: PooledTransaction) => void): void {
    let left = max;
    for (let each = this.#newest; each && left > 0; each = each.older, left--) visit(each);
  }

  /** Takes a serialised transaction if its form is right; older ones make room for it. Throws MalformedBytes. */
  add(raw: Uint8Array, now: number, feeRate?: bigint): PoolOutcome {
    return this.addParsed(parseTransaction(this.#options.hasher, raw), now, feeRate);
  }

  addParsed(parsed: ParsedTransaction, now: number, feeRate?: bigint): PoolOutcome {
    const transaction = this.#byWtxid.get(parsed.wtxid);
    if (transaction) return { kind: "known", transaction };
    if (this.#confirmed.has(parsed.txid) || this.#gone.has(parsed.wtxid)) return { kind: "settled" };
    const fault = faultOf(parsed);
    if (!fault) return { kind: "added", transaction: this.#append(parsed, now, feeRate) };
    this.#gone.add(parsed.wtxid);
    // The txid names every version: where the witness may be what is wrong, anybody could keep a good one away by it.
    if (!fault.mayBeWitness) this.#gone.add(parsed.txid);
    return { kind: "refused", reason: fault.reason };
  }

  /** Drops one version by its wtxid, or all of them by the txid. */
  remove(id: Hash): void {
    const version = this.#byWtxid.get(id);
    if (version) this.#unlink(version);
    for (let held = this.#byTxid.get(id); held; held = this.#byTxid.get(id)) this.#unlink(held);
  }

  /** Drops what was here for too long. */
  expire(now: number): void {
    while (this.#oldest && now - this.#oldest.addedAt > this.#options.maxAgeMs) this.#forget(this.#oldest);
  }

  /** What a block of the best chain holds waits no more; its first one, the coinbase, never did. */
  blockConnected(block: ParsedBlock): void {
    const { hasher } = this.#options;
    const [txids, wtxids] = [block.txids(hasher), block.wtxids(hasher)];
    for (let at = HASH_SIZE_BYTES; at < txids.length; at += HASH_SIZE_BYTES) {
      this.#confirmed.add(txids, at);
      if (wtxids !== txids) this.#confirmed.add(wtxids, at);
      if (this.count > 0) this.remove(hashFromBytes(txids, at));
    }
  }

  /** What a block held that left the best chain waits again, but for its coinbase. */
  blockDisconnected({ raw, transactions }: ParsedBlock, now: number): void {
    for (const { start, end } of transactions.slice(1)) {
      const parsed = parseTransaction(this.#options.hasher, raw.subarray(start, end));
      this.#confirmed.delete(parsed.txid);
      this.#confirmed.delete(parsed.wtxid);
      this.#gone.delete(parsed.wtxid);
      this.#gone.delete(parsed.txid);
      this.addParsed(parsed, now);
    }
  }

  #append({ txid, wtxid, raw }: ParsedTransaction, now: number, feeRate: bigint | undefined): Held {
    const otherVersion = this.#byTxid.get(txid);
    const held: Held = {
      txid,
      wtxid,
      // A copy: what came off the wire may be a small part of a large buffer, which would live as long.
      raw: new Uint8Array(raw),
      addedAt: now,
      feeRate,
      asTx: { kind: INV_TX, hash: txid },
      asWtx: { kind: INV_WTX, hash: wtxid },
      knownTo: new BitSet(),
      older: this.#newest,
      newer: undefined,
      otherVersion,
    };
    if (this.#newest) this.#newest.newer = held;
    else this.#oldest = held;
    this.#newest = held;
    this.#byTxid.set(txid, held);
    this.#byWtxid.set(wtxid, held);
    this.#bytes += raw.length;
    if (otherVersion) this.#dropExcessVersion(held);
    this.#makeRoom(held);
    return held;
  }

  #dropExcessVersion(newest: Held): void {
    let version = newest;
    for (let count = 1; version.otherVersion; count++) {
      version = version.otherVersion;
      if (count === MAX_WITNESS_VERSIONS) return this.#forget(version);
    }
  }

  #makeRoom(newest: Held): void {
    const { maxBytes, maxCount } = this.#options;
    while ((this.#bytes > maxBytes || this.count > maxCount) && this.#oldest !== newest) this.#forget(this.#oldest!);
  }

  /** It leaves and is not wanted again: two nodes with full pools would else hand it to and fro. */
  #forget(held: Held): void {
    this.#gone.add(held.wtxid);
    this.#unlink(held);
  }

  #unlink(held: Held): void {
    if (held.older) held.older.newer = held.newer;
    else this.#oldest = held.newer;
    if (held.newer) held.newer.older = held.older;
    else this.#newest = held.older;
    this.#byWtxid.delete(held.wtxid);
    this.#unlinkVersion(held);
    this.#bytes -= held.raw.length;
    // Whoever still knows it does not keep its neighbours from leaving memory too.
    held.older = held.newer = held.otherVersion = undefined;
  }

  #unlinkVersion(held: Held): void {
    const newest = this.#byTxid.get(held.txid)!;
    if (newest !== held) {
      let version = newest;
      while (version.otherVersion !== held) version = version.otherVersion!;
      version.otherVersion = held.otherVersion;
    } else if (held.otherVersion) this.#byTxid.set(held.txid, held.otherVersion);
    else this.#byTxid.delete(held.txid);
  }
}

/** Why it is refused, and whether another witness could be right. */
interface Fault {
  readonly reason: TransactionRefusal;
  readonly mayBeWitness: boolean;
}

function faultOf({ raw, layout }: ParsedTransaction): Fault | undefined {
  if (raw.length > MAX_POOL_TRANSACTION_BYTES) {
    const mayBeWitness = withoutWitness(raw, layout).length <= MAX_POOL_TRANSACTION_BYTES;
    return { reason: "over-standard-size", mayBeWitness };
  }
  const reason = isCoinbase(raw, layout) ? "coinbase" : transactionFault(raw, layout);
  return reason && { reason, mayBeWitness: false };
}
