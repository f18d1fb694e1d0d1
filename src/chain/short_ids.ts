import { type BlockHeader, HEADER_SIZE_BYTES, writeBlockHeader } from "../protocol/block_header.ts";
import { SHORT_ID_BYTES } from "../protocol/wire_limits.ts";
import { ByteWriter, uint32At } from "../util/bytes.ts";
import { type Hash, HASH_SIZE_BYTES, type Hasher } from "../util/hash.ts";
import { hexInto } from "../util/hex.ts";
import { readSipKey, sipHash24, type SipKey } from "../util/siphash.ts";

/** A transaction's name within one compact block: the low 48 bits of a keyed hash, exact as a number (BIP152). */
export type ShortId = number;

const NONCE_BYTES = 8;
const LOW_BYTES = 4;
const BYTE_BITS = 8;
const TWO_TO_32 = 0x1_0000_0000;
const MAX_UINT16 = 0xffff;

const halves = new Uint32Array(2);
const id = new Uint8Array(HASH_SIZE_BYTES);

/** The key of one compact block: its header and nonce choose it, so that nobody can prepare collisions beforehand. */
export function shortIdKey(hasher: Hasher, header: BlockHeader, nonce: bigint): SipKey {
  const writer = new ByteWriter(HEADER_SIZE_BYTES + NONCE_BYTES);
  writeBlockHeader(writer, header);
  return readSipKey(hasher.sha256(writer.uint64(nonce).finish()));
}

/** The short id of the transaction whose wtxid stands at `offset`, 32 bytes in wire order (version 2 of BIP152). */
export function shortId(key: SipKey, wtxids: Uint8Array, offset = 0): ShortId {
  sipHash24(key, wtxids, halves, offset, offset + HASH_SIZE_BYTES);
  return halves[0]! + (halves[1]! & MAX_UINT16) * TWO_TO_32;
}

/** The same of a wtxid in hex. */
export function shortIdOf(key: SipKey, wtxid: Hash): ShortId {
  hexInto(wtxid, id);
  return shortId(key, id.reverse());
}

/** Puts an id at its position in a message's list: 6 bytes, little-endian. */
export function writeShortId(list: Uint8Array, position: number, value: ShortId): void {
  const at = position * SHORT_ID_BYTES;
  const [low, high] = [value % TWO_TO_32, value / TWO_TO_32];
  for (let i = 0; i < LOW_BYTES; i++) list[at + i] = low >>> (BYTE_BITS * i);
  list[at + LOW_BYTES] = high;
  list[at + LOW_BYTES + 1] = high >>> BYTE_BITS;
}

/** The id at a position of a message's list. */
export function readShortId(list: Uint8Array, position: number): ShortId {
  const at = position * SHORT_ID_BYTES;
  const low = uint32At(list, at);
  return low + (list[at + LOW_BYTES]! | (list[at + LOW_BYTES + 1]! << BYTE_BITS)) * TWO_TO_32;
}

/** Places for each id: so roomy that honest ids, which are random, lie within a few steps of where they belong. */
const PLACES_PER_ID = 4;
/**
 * Steps from where an id belongs. 65,536 random ids at a quarter of the places stay below 20; a sender who makes them
 * all belong to one place must not cost us the square of their number.
 */
const MAX_STEPS = 64;
const EMPTY = -1;

/** The position of each short id in a compact block's list. */
export class ShortIdTable {
  readonly #ids: Float64Array;
  readonly #positions: Uint32Array;
  readonly #mask: number;

  private constructor(count: number) {
    const places = powerOfTwoFrom(PLACES_PER_ID * Math.max(1, count));
    this.#ids = new Float64Array(places).fill(EMPTY);
    this.#positions = new Uint32Array(places);
    this.#mask = places - 1;
  }

  /** Undefined where two ids are equal, or too many belong to one place: the list cannot be used. */
  static of(shortIds: Uint8Array): ShortIdTable | undefined {
    const count = shortIds.length / SHORT_ID_BYTES;
    const table = new ShortIdTable(count);
    for (let position = 0; position < count; position++) {
      if (!table.#add(readShortId(shortIds, position), position)) return undefined;
    }
    return table;
  }

  /** The id's position in the list, or −1. */
  find(id: ShortId): number {
    let place = id & this.#mask;
    for (let steps = 0; steps < MAX_STEPS; steps++) {
      const other = this.#ids[place]!;
      if (other === id) return this.#positions[place]!;
      if (other === EMPTY) return -1;
      place = (place + 1) & this.#mask;
    }
    return -1;
  }

  #add(id: ShortId, position: number): boolean {
    let place = id & this.#mask;
    for (let steps = 0; steps < MAX_STEPS; steps++) {
      const other = this.#ids[place]!;
      if (other === id) return false;
      if (other === EMPTY) {
        this.#ids[place] = id;
        this.#positions[place] = position;
        return true;
      }
      place = (place + 1) & this.#mask;
    }
    return false;
  }
}

function powerOfTwoFrom(least: number): number {
  let power = 1;
  while (power < least) power *= 2;
  return power;
}
