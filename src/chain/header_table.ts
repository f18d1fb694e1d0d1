import { type BlockHeader, HEADER_SIZE_BYTES } from "../protocol/block_header.ts";
import { uint32At } from "../util/bytes.ts";
import { type Hash, HASH_SIZE_BYTES, hashFromBytes, hashToBytes } from "../util/hash.ts";

/** A record has the hash in place of the parent's, which is another record's hash: 80 bytes, as many as a header. */
const RECORD_BYTES = HEADER_SIZE_BYTES;
const ROOT_OFFSET = HASH_SIZE_BYTES;
const VERSION_OFFSET = 64;
const TIME_OFFSET = 68;
const BITS_OFFSET = 72;
const NONCE_OFFSET = 76;

/** Records: the first chunk starts small, because a simulation holds thousands of short chains in one process. */
const FIRST_CHUNK_RECORDS = 32;
/** Records a chunk: 320 KiB, so that growth never copies more than that. */
const CHUNK_RECORDS = 4_096;
/** Slots of the smallest hash index; it doubles whenever it is half full. */
const FIRST_INDEX_SLOTS = 64;

/**
 * Headers packed into byte arrays and found by their hash. Main has 900,000 of them: as objects with two strings each
 * they would take twice the memory and keep the garbage collector busy for ever.
 */
export class HeaderTable {
  /** What the record of the genesis block does not say either: the hash that its header names as its parent. */
  readonly genesisParent: Hash;
  readonly #bytes: Uint8Array[] = [];
  readonly #views: DataView[] = [];
  #size = 0;
  /** Open addressing, linear probing; a slot holds 1 + the record's number, 0 if free. Nothing is ever removed. */
  #slots = new Uint32Array(FIRST_INDEX_SLOTS);

  constructor(genesisParent: Hash) {
    this.genesisParent = genesisParent;
  }

  get size(): number {
    return this.#size;
  }

  /** Appends a header that is not in the table yet; its number is the `size` of before. */
  add(hash: Hash, header: BlockHeader): number {
    const record = this.#size;
    const at = this.#reserve(record);
    const chunk = record >>> CHUNK_BITS;
    this.#bytes[chunk]!.set(hashToBytes(hash), at);
    this.#bytes[chunk]!.set(hashToBytes(header.merkleRoot), at + ROOT_OFFSET);
    const view = this.#views[chunk]!;
    view.setInt32(at + VERSION_OFFSET, header.version, true);
    view.setUint32(at + TIME_OFFSET, header.time, true);
    view.setUint32(at + BITS_OFFSET, header.bits, true);
    view.setUint32(at + NONCE_OFFSET, header.nonce, true);
    this.#size++;
    this.#index(record);
    return record;
  }

  /** The number of the header with this hash, or -1. */
  find(hash: Hash): number {
    const wanted = hashToBytes(hash);
    const mask = this.#slots.length - 1;
    for (let slot = leadingWord(wanted, 0) & mask;; slot = (slot + 1) & mask) {
      const record = this.#slots[slot]! - 1;
      if (record < 0 || this.#hasHash(record, wanted)) return record;
    }
  }

  hash(record: number): Hash {
    return hashFromBytes(this.#bytes[record >>> CHUNK_BITS]!, offsetOf(record));
  }

  time(record: number): number {
    return this.#views[record >>> CHUNK_BITS]!.getUint32(offsetOf(record) + TIME_OFFSET, true);
  }

  bits(record: number): number {
    return this.#views[record >>> CHUNK_BITS]!.getUint32(offsetOf(record) + BITS_OFFSET, true);
  }

  /** The header; `previous` is the hash of its parent, which the record does not repeat. */
  header(record: number, previous: Hash): BlockHeader {
    const view = this.#views[record >>> CHUNK_BITS]!;
    const at = offsetOf(record);
    return {
      version: view.getInt32(at + VERSION_OFFSET, true),
      previous,
      merkleRoot: hashFromBytes(this.#bytes[record >>> CHUNK_BITS]!, at + ROOT_OFFSET),
      time: view.getUint32(at + TIME_OFFSET, true),
      bits: view.getUint32(at + BITS_OFFSET, true),
      nonce: view.getUint32(at + NONCE_OFFSET, true),
    };
  }

  /** Makes room for a record; answers its offset in its chunk. Only the first chunk ever grows. */
  #reserve(record: number): number {
    const chunk = record >>> CHUNK_BITS;
    const at = offsetOf(record);
    const present = this.#bytes[chunk];
    if (present !== undefined && at < present.length) return at;
    const records = chunk > 0 ? CHUNK_RECORDS : Math.max(FIRST_CHUNK_RECORDS, 2 * record);
    const bytes = new Uint8Array(records * RECORD_BYTES);
    if (present !== undefined) bytes.set(present);
    this.#bytes[chunk] = bytes;
    this.#views[chunk] = new DataView(bytes.buffer);
    return at;
  }

  #index(record: number): void {
    if (2 * this.#size > this.#slots.length) {
      this.#slots = new Uint32Array(2 * this.#slots.length);
      for (let earlier = 0; earlier < record; earlier++) this.#claimSlot(earlier);
    }
    this.#claimSlot(record);
  }

  #claimSlot(record: number): void {
    const mask = this.#slots.length - 1;
    let slot = leadingWord(this.#bytes[record >>> CHUNK_BITS]!, offsetOf(record)) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = record + 1;
  }

  #hasHash(record: number, hash: Uint8Array): boolean {
    const bytes = this.#bytes[record >>> CHUNK_BITS]!;
    const at = offsetOf(record);
    for (let i = 0; i < HASH_SIZE_BYTES; i++) if (bytes[at + i] !== hash[i]) return false;
    return true;
  }
}

const CHUNK_BITS = 31 - Math.clz32(CHUNK_RECORDS);

function offsetOf(record: number): number {
  return (record & (CHUNK_RECORDS - 1)) * RECORD_BYTES;
}

/**
 * The first four bytes in wire order, which proof of work leaves random: whoever wants collisions here pays for each
 * with a block.
 */
function leadingWord(bytes: Uint8Array, at: number): number {
  return uint32At(bytes, at);
}
