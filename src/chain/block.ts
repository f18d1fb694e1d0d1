import { type BlockHeader, HEADER_SIZE_BYTES, readBlockHeader } from "../protocol/block_header.ts";
import { scanTransaction, type TransactionLayout, withoutWitness } from "../protocol/transaction.ts";
import { ByteReader, ByteWriter, concatBytes } from "../util/bytes.ts";
import { type Hash, hash256, HASH_SIZE_BYTES, type Hasher } from "../util/hash.ts";

/**
 * A serialised block and where its parts lie; nothing is copied. The ids of its transactions are hashed once, whoever
 * asks for them: the merkle root, the pool, and the compact form of the block need the same.
 */
export class ParsedBlock {
  readonly raw: Uint8Array;
  readonly header: BlockHeader;
  readonly transactions: readonly TransactionLayout[];
  #txids: Uint8Array | undefined;
  #wtxids: Uint8Array | undefined;

  constructor(raw: Uint8Array, header: BlockHeader, transactions: readonly TransactionLayout[]) {
    this.raw = raw;
    this.header = header;
    this.transactions = transactions;
  }

  get hasWitnesses(): boolean {
    return this.transactions.some(({ hasWitness }) => hasWitness);
  }

  /** The txids of all transactions, 32 bytes each in wire order, one after the other: leaves of the merkle tree. */
  txids(hasher: Hasher): Uint8Array {
    return this.#txids ??= this.#hashEach(hasher, (layout) => withoutWitness(this.raw, layout));
  }

  /** The same of the wtxids (BIP141), that of the coinbase included. */
  wtxids(hasher: Hasher): Uint8Array {
    if (!this.hasWitnesses) return this.txids(hasher);
    return this.#wtxids ??= this.#hashEach(hasher, ({ start, end }) => this.raw.subarray(start, end));
  }

  #hashEach(hasher: Hasher, bytesOf: (layout: TransactionLayout) => Uint8Array): Uint8Array {
    const ids = new Uint8Array(HASH_SIZE_BYTES * this.transactions.length);
    this.transactions.forEach((layout, i) => hasher.sha256dInto(bytesOf(layout), ids, HASH_SIZE_BYTES * i));
    return ids;
  }
}

/** Finds the parts of a serialised block, checking its form and nothing of its meaning. Throws MalformedBytes. */
export function parseBlock(raw: Uint8Array, reader = new ByteReader(raw)): ParsedBlock {
  reader.enter("header");
  const header = readBlockHeader(reader);
  reader.leave();
  const count = reader.varInt("transactionCount");
  const transactions: TransactionLayout[] = [];
  // Each transaction takes bytes, so a count that lies ends in MalformedBytes after at most the bytes that are there.
  for (let i = 0; i < count; i++) {
    reader.enter("transactions", i);
    transactions.push(scanTransaction(reader));
    reader.leave();
  }
  reader.expectEnd();
  return new ParsedBlock(raw, header, transactions);
}

/** The hash of a serialised block, which is that of its first 80 bytes. */
export function blockHash(hasher: Hasher, raw: Uint8Array): Hash {
  return hash256(hasher, raw.subarray(0, HEADER_SIZE_BYTES));
}

/** Bytes of the block without witnesses, which is what the weight counts four times (BIP141). */
export function strippedSize(block: ParsedBlock): number {
  return block.transactions.reduce((size, transaction) => size - witnessSize(transaction), block.raw.length);
}

/** Bytes that only the serialisation with witnesses has. */
export function witnessSize({ start, inputsStart, outputsEnd, end, hasWitness }: TransactionLayout): number {
  return hasWitness ? end - start - (VERSION_BYTES + (outputsEnd - inputsStart) + LOCK_TIME_BYTES) : 0;
}

const VERSION_BYTES = 4;
const LOCK_TIME_BYTES = 4;

/**
 * The block as peers get it who did not ask for witnesses (BIP144); the same bytes if it has none.
 * Throws MalformedBytes: stored blocks were parsed before.
 */
export function stripWitness(raw: Uint8Array): Uint8Array {
  const block = parseBlock(raw);
  if (!block.hasWitnesses) return raw;
  const head = new ByteWriter(HEADER_SIZE_BYTES);
  head.raw(raw.subarray(0, HEADER_SIZE_BYTES)).varInt(block.transactions.length);
  return concatBytes([head.finish(), ...block.transactions.map((transaction) => withoutWitness(raw, transaction))]);
}
