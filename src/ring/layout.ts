import { LocalError } from "../protocol/errors.ts";
import { MAX_RING_BYTES, MAX_RING_READERS, MIN_RING_BYTES } from "../protocol/ring_params.ts";

export const WORD_BYTES = 4;
export const WORD_SHIFT = 2;

/** Words of a cache line. What one thread writes often shares no line with what another one does. */
const LINE = 16;

/**
 * Where the words of a ring stand. Positions count bytes since the start, modulo 2^32; their difference is exact, since
 * a ring is at most 2^30 bytes. After the words come the bytes of frames.
 */
/** What `RingEnd` says; written by the writer, or by whoever abandons it. */
export const STATE = 0;
/** Position up to which frames may be read; written by the writer. */
export const TAIL = LINE;

/**
 * The place of a reader: the only words that it ever writes. So a thread that is taken for dead and runs on for a moment
 * disturbs nobody but who is given the same place.
 */
const READER_WORDS = 3 * LINE;
const FIRST_READER = 2 * LINE;

/** Position up to which reader `reader` is done; written by the reader. */
export function headOf(reader: number): number {
  return FIRST_READER + reader * READER_WORDS;
}

/** 1 while the reader wants to be woken when there are frames; whoever puts it back to 0 wakes it. */
export function asleepOf(reader: number): number {
  return FIRST_READER + reader * READER_WORDS + LINE;
}

/** 1 if the writer must wait for this reader; written by the writer. */
export function attachedOf(reader: number): number {
  return FIRST_READER + reader * READER_WORDS + 2 * LINE;
}

/** 1 while the writer wants this reader to wake it when there is room; the reader puts it back to 0 and does. */
export function awaitedOf(reader: number): number {
  return attachedOf(reader) + 1;
}

/**
 * Bytes of frames begin at multiples of so many, each behind the word of its length. V8 copies shared memory by words of
 * 8 bytes where both ends begin at one, and else byte by byte: 20 ns or 260 ns for 256 bytes (bun bench ring-seam, on
 * Node). What is copied begins at one anyway, mostly.
 */
export const ALIGNED_BYTES = 8;
const ROUND_UP = ALIGNED_BYTES - 1;

/** Where frames and their words begin. */
export function dataOffset(readers: number): number {
  return headOf(readers) * WORD_BYTES + ALIGNED_BYTES - WORD_BYTES;
}

/** Of a frame or a part of one, with its word and what makes the next one begin where it should. */
export function paddedBytes(sizeBytes: number): number {
  return (WORD_BYTES + sizeBytes + ROUND_UP) & ~ROUND_UP;
}

export const OPEN = 0;
export const CLOSED = 1;
export const ABANDONED = 2;

/**
 * A frame is a word and its bytes, padded. The word has the length in its low 30 bits and says in the
 * high two what follows.
 */
export const LENGTH_MASK = 0x3fff_ffff;
/** The first part of a frame too large to be whole; its first word is the length of the frame, and nothing the second. */
export const FIRST_PART = 0x4000_0000;
export const FIRST_PART_HEAD_BYTES = ALIGNED_BYTES;
/** Another part. */
export const NEXT_PART = 0x8000_0000 | 0;
/** No frame: go on at the start of the ring. */
export const SKIP = -1;
/** No frame: another writer begins here, so a frame of which parts are missing will not be completed. */
export const RESTART = -2;

export interface RingSize {
  /** Bytes for frames that wait: a power of two. */
  readonly capacityBytes: number;
  readonly readers: number;
}

export function checkRingSize({ capacityBytes, readers }: RingSize): void {
  const isPower = Number.isInteger(capacityBytes) && (capacityBytes & (capacityBytes - 1)) === 0;
  if (!isPower || capacityBytes < MIN_RING_BYTES || capacityBytes > MAX_RING_BYTES) {
    const bounds = `a power of two from ${MIN_RING_BYTES} to ${MAX_RING_BYTES} bytes`;
    throw new LocalError("bad-argument", `Cannot make a ring: its size is ${bounds}: received ${capacityBytes}`);
  }
  if (!Number.isInteger(readers) || readers < 1 || readers > MAX_RING_READERS) {
    const text = `Cannot make a ring: it has 1 to ${MAX_RING_READERS} readers: received ${readers}`;
    throw new LocalError("bad-argument", text);
  }
}

export function ringBytes({ capacityBytes, readers }: RingSize): number {
  return dataOffset(readers) + capacityBytes;
}
