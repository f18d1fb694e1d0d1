import { type BlockHeader, encodeBlockHeader } from "../protocol/block_header.ts";
import type { MessageOf } from "../protocol/messages.ts";
import { scanTransaction } from "../protocol/transaction.ts";
import { MAX_BLOCK_TRANSACTIONS, SHORT_ID_BYTES } from "../protocol/wire_limits.ts";
import { ByteReader, ByteWriter, concatBytes, equalBytes, MalformedBytes } from "../util/bytes.ts";
import type { Hash, Hasher } from "../util/hash.ts";
import type { SipKey } from "../util/siphash.ts";
import { shortId, shortIdKey, shortIdOf, ShortIdTable } from "./short_ids.ts";

export type Opening =
  | { readonly kind: "opened"; readonly block: PartialBlock }
  /** Two short ids are equal, which chance can do: the block has to be asked for whole. Nobody is to blame. */
  | { readonly kind: "collision" }
  /** No honest sender makes such a message. */
  | { readonly kind: "malformed"; readonly reason: string };

export type Supply =
  | { readonly kind: "complete" }
  /** Not what the sender's own short ids promised: it is at fault. */
  | { readonly kind: "malformed"; readonly reason: string };

/** Opens a compact block for its transactions to be found. The header is not looked at. */
export function openCompactBlock(hasher: Hasher, message: MessageOf<"cmpctblock">): Opening {
  const reason = findFault(message);
  if (reason !== undefined) return { kind: "malformed", reason };
  const table = ShortIdTable.of(message.shortIds);
  return table ? { kind: "opened", block: new PartialBlock(hasher, message, table) } : { kind: "collision" };
}

function findFault({ shortIds, prefilled }: MessageOf<"cmpctblock">): string | undefined {
  const count = shortIds.length / SHORT_ID_BYTES + prefilled.length;
  if (count === 0 || count > MAX_BLOCK_TRANSACTIONS) return `${count} transactions`;
  let last = -1;
  for (const { index, transaction } of prefilled) {
    if (index <= last || index >= count) return `a prefilled transaction at ${index} of ${count}`;
    if (!isTransaction(transaction)) return `a prefilled transaction at ${index} that is none`;
    last = index;
  }
  return undefined;
}

/** A block of which some transactions are still to be found. */
export class PartialBlock {
  readonly header: BlockHeader;
  readonly #hasher: Hasher;
  readonly #key: SipKey;
  readonly #table: ShortIdTable;
  /** By index in the block; undefined while missing. */
  readonly #transactions: (Uint8Array | undefined)[];
  /** The index in the block of each short id. */
  readonly #indexes: Uint32Array;
  /** Indexes that more than one candidate fits: which is the right one only the sender can say. */
  readonly #disputed = new Set<number>();
  #missing: number;

  /** Use `openCompactBlock`, which checks the message. */
  constructor(hasher: Hasher, { header, nonce, shortIds, prefilled }: MessageOf<"cmpctblock">, table: ShortIdTable) {
    this.header = header;
    this.#hasher = hasher;
    this.#key = shortIdKey(hasher, header, nonce);
    this.#table = table;
    this.#missing = shortIds.length / SHORT_ID_BYTES;
    this.#transactions = new Array(this.#missing + prefilled.length).fill(undefined);
    for (const { index, transaction } of prefilled) this.#transactions[index] = transaction;
    this.#indexes = new Uint32Array(this.#missing);
    let position = 0;
    for (let index = 0; index < this.count; index++) {
      if (this.#transactions[index] === undefined) this.#indexes[position++] = index;
    }
  }

  /** Transactions in the block. */
  get count(): number {
    return this.#transactions.length;
  }

  /** Transactions that are still to be found. */
  get missingCount(): number {
    return this.#missing;
  }

  /** Indexes of the transactions that are still to be found, rising. */
  missing(): number[] {
    const missing: number[] = [];
    for (let index = 0; index < this.count; index++) {
      if (this.#transactions[index] === undefined) missing.push(index);
    }
    return missing;
  }

  /** Takes a transaction at hand, named by its wtxid, if it fits. Nothing is taken once nothing is missing. */
  offer(wtxid: Hash, raw: Uint8Array): void {
    if (this.#missing === 0) return;
    const position = this.#table.find(shortIdOf(this.#key, wtxid));
    if (position >= 0) this.#take(this.#indexes[position]!, raw);
  }

  /** The sender's answer for `missing()`: exactly these, in order, and each with the short id that it was promised by. */
  supply(transactions: readonly Uint8Array[]): Supply {
    const missing = this.missing();
    if (transactions.length !== missing.length) {
      return { kind: "malformed", reason: `${transactions.length} transactions for ${missing.length}` };
    }
    for (const [i, transaction] of transactions.entries()) {
      const index = missing[i]!;
      if (!isTransaction(transaction) || this.#indexOf(transaction) !== index) {
        return { kind: "malformed", reason: `a wrong transaction for index ${index}` };
      }
      this.#transactions[index] = transaction;
    }
    this.#missing = 0;
    return { kind: "complete" };
  }

  /** The block as serialised, once nothing is missing. Whether it is the right one, its merkle root says. */
  assemble(): Uint8Array {
    const count = new ByteWriter().varInt(this.count).finish();
    const transactions = this.#transactions.filter((transaction) => transaction !== undefined);
    return concatBytes([encodeBlockHeader(this.header), count, ...transactions]);
  }

  #take(index: number, raw: Uint8Array): void {
    const other = this.#transactions[index];
    if (this.#disputed.has(index) || (other && equalBytes(other, raw))) return;
    this.#transactions[index] = other ? undefined : raw;
    this.#missing += other ? 1 : -1;
    if (other) this.#disputed.add(index);
  }

  #indexOf(transaction: Uint8Array): number | undefined {
    return this.#indexes[this.#table.find(shortId(this.#key, this.#hasher.sha256d(transaction)))];
  }
}

/** Whether these bytes are one transaction, by form. The native wire does not look into them. */
function isTransaction(bytes: Uint8Array): boolean {
  try {
    const reader = new ByteReader(bytes);
    scanTransaction(reader);
    reader.expectEnd();
    return true;
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error;
    return false;
  }
}
