import { parseBlock } from "../chain/block.ts";
import type { BlockFault } from "../chain/outcomes.ts";
import { isCoinbase, transactionFault } from "../chain/transaction_rules.ts";
import { INV_TX, INV_WTX, type InvItem } from "../protocol/messages.ts";
import { MAX_POOL_TRANSACTION_BYTES } from "../protocol/params.ts";
import {
  identifyTransaction,
  scanTransaction,
  type TransactionIds,
  type TransactionLayout,
} from "../protocol/transaction.ts";
import { ByteReader, MalformedBytes } from "../util/bytes.ts";
import type { Hash, Hasher } from "../util/hash.ts";
import { TwoGenerationSet } from "../util/two_generation_set.ts";

export interface TransactionPoolOptions {
  readonly hasher: Hasher;
  readonly maxBytes: number;
  readonly maxCount: number;
  readonly maxAgeMs: number;
  /** How many ids of transactions that left are remembered, at the least. */
  readonly settledCapacity: number;
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
}

/** Why a transaction is not of the form that one has. */
export type TransactionRefusal = BlockFault | "malformed" | "coinbase" | "over-standard-size";

export type PoolOutcome =
  | { readonly kind: "added"; readonly ids: TransactionIds; readonly transaction: PooledTransaction }
  /** Held already, perhaps with another witness: `transaction` is what is held, `ids` those of what was offered. */
  | { readonly kind: "known"; readonly ids: TransactionIds; readonly transaction: PooledTransaction }
  /** It was here and left, into a block or for want of room or age. */
  | { readonly kind: "settled"; readonly ids: TransactionIds }
  | { readonly kind: "refused"; readonly ids: TransactionIds | undefined; readonly reason: TransactionRefusal };

/** In order of arrival, so that the oldest is found at once however many left before. */
interface Held extends PooledTransaction {
  older: Held | undefined;
  newer: Held | undefined;
}

/**
 * Transactions that no block holds yet, as far as we know. They are checked for their form and nothing else: whether
 * the coins exist, the scripts hold or another transaction spends the same, a node without a coin table cannot tell.
 * Bounded in bytes, number and age; the oldest leaves first.
 */
export class TransactionPool {
  readonly #options: TransactionPoolOptions;
  /** Under the txid, and under the wtxid too where it differs. No id of one sort is ever one of the other. */
  readonly #byId = new Map<Hash, Held>();
  /** Ids of transactions that left, so that announcements of them are not followed. */
  readonly #settled: TwoGenerationSet<Hash>;
  #oldest: Held | undefined;
  #newest: Held | undefined;
  #count = 0;
  #bytes = 0;

  constructor(options: TransactionPoolOptions) {
    this.#options = options;
    this.#settled = new TwoGenerationSet(options.settledCapacity);
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes of the serialised transactions. */
  get bytes(): number {
    return this.#bytes;
  }

  /** By txid or wtxid. */
  has(id: Hash): boolean {
    return this.#byId.has(id);
  }

  /** By txid or wtxid. */
  get(id: Hash): PooledTransaction | undefined {
    return this.#byId.get(id);
  }

  /** Whether the transaction, by txid or wtxid, was here or in a recent block and is not wanted again. */
  isSettled(id: Hash): boolean {
    return this.#settled.has(id);
  }

  /** Visits each transaction once, the oldest first. */
  forEach(visit: (transaction: PooledTransaction) => void): void {
    for (let each = this.#oldest; each; each = each.newer) visit(each);
  }

  /** Takes a serialised transaction if its form is right; older ones make room for it. */
  add(raw: Uint8Array, now: number, feeRate?: bigint): PoolOutcome {
    const layout = scan(raw);
    if (!layout) return { kind: "refused", ids: undefined, reason: "malformed" };
    const ids = identifyTransaction(this.#options.hasher, raw, layout);
    const transaction = this.#byId.get(ids.wtxid) ?? this.#byId.get(ids.txid);
    if (transaction) return { kind: "known", ids, transaction };
    if (this.#settled.has(ids.txid)) return { kind: "settled", ids };
    const reason = faultOf(raw, layout);
    if (reason) return { kind: "refused", ids, reason };
    return { kind: "added", ids, transaction: this.#append(ids, raw, now, feeRate) };
  }

  /** Drops a transaction, by txid or wtxid. */
  remove(id: Hash): void {
    const held = this.#byId.get(id);
    if (held) this.#unlink(held);
  }

  /** Drops what was here for too long. */
  expire(now: number): void {
    while (this.#oldest && now - this.#oldest.addedAt > this.#options.maxAgeMs) this.#settle(this.#oldest);
  }

  /** What a block of the best chain holds waits no more. Throws MalformedBytes: the block was parsed before. */
  blockConnected(block: Uint8Array): void {
    this.#forEachIn(block, (_, ids) => {
      this.#settled.add(ids.txid);
      this.#settled.add(ids.wtxid);
      this.remove(ids.txid);
    });
  }

  /** What a block held that left the best chain waits again. Throws MalformedBytes: the block was parsed before. */
  blockDisconnected(block: Uint8Array, now: number): void {
    this.#forEachIn(block, (raw, ids, layout) => {
      this.#settled.delete(ids.txid);
      this.#settled.delete(ids.wtxid);
      if (!this.has(ids.txid) && !faultOf(raw, layout)) this.#append(ids, raw, now, undefined);
    });
  }

  #forEachIn(
    block: Uint8Array,
    visit: (raw: Uint8Array, ids: TransactionIds, layout: TransactionLayout) => void,
  ): void {
    // The first one is the coinbase, which lives in its block only.
    for (const { start, end } of parseBlock(block).transactions.slice(1)) {
      const raw = block.subarray(start, end);
      const layout = scanTransaction(new ByteReader(raw));
      visit(raw, identifyTransaction(this.#options.hasher, raw, layout), layout);
    }
  }

  #append({ txid, wtxid }: TransactionIds, raw: Uint8Array, now: number, feeRate: bigint | undefined): Held {
    const held: Held = {
      txid,
      wtxid,
      // A copy: what came off the wire may be a small part of a large buffer, which would live as long.
      raw: new Uint8Array(raw),
      addedAt: now,
      feeRate,
      asTx: { kind: INV_TX, hash: txid },
      asWtx: { kind: INV_WTX, hash: wtxid },
      older: this.#newest,
      newer: undefined,
    };
    if (this.#newest) this.#newest.newer = held;
    else this.#oldest = held;
    this.#newest = held;
    this.#byId.set(txid, held);
    if (wtxid !== txid) this.#byId.set(wtxid, held);
    this.#count++;
    this.#bytes += raw.length;
    this.#makeRoom(held);
    return held;
  }

  #makeRoom(newest: Held): void {
    const { maxBytes, maxCount } = this.#options;
    while ((this.#bytes > maxBytes || this.#count > maxCount) && this.#oldest !== newest) this.#settle(this.#oldest!);
  }

  /** It leaves and is not wanted again: two nodes with full pools would else hand it to and fro. */
  #settle(held: Held): void {
    this.#settled.add(held.txid);
    this.#settled.add(held.wtxid);
    this.#unlink(held);
  }

  #unlink(held: Held): void {
    if (held.older) held.older.newer = held.newer;
    else this.#oldest = held.newer;
    if (held.newer) held.newer.older = held.older;
    else this.#newest = held.older;
    this.#byId.delete(held.txid);
    this.#byId.delete(held.wtxid);
    this.#count--;
    this.#bytes -= held.raw.length;
  }
}

function scan(raw: Uint8Array): TransactionLayout | undefined {
  try {
    const reader = new ByteReader(raw);
    const layout = scanTransaction(reader);
    reader.expectEnd();
    return layout;
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error;
    return undefined;
  }
}

function faultOf(raw: Uint8Array, layout: TransactionLayout): TransactionRefusal | undefined {
  if (raw.length > MAX_POOL_TRANSACTION_BYTES) return "over-standard-size";
  return isCoinbase(raw, layout) ? "coinbase" : transactionFault(raw, layout);
}
