import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { HEADER_SIZE_BYTES } from "../protocol/block_header.ts";
import { MAX_BLOCK_WEIGHT } from "../protocol/consensus.ts";
import { LocalError } from "../protocol/errors.ts";
import { attempt } from "./file_error.ts";

// A block file is a sequence of records: the network's magic (4 bytes), the block's length (u32 LE), the block.

const MAGIC_BYTES = 4;
const RECORD_HEADER_BYTES = 8;
/** A header and a count of transactions. */
const MIN_BLOCK_BYTES = HEADER_SIZE_BYTES + 1;
/** A byte weighs at least 1. */
const MAX_BLOCK_BYTES = MAX_BLOCK_WEIGHT;

/** Bytes read or written at a time: beyond 1 MiB a call costs nothing compared with the copy. */
const CHUNK_BYTES = 1_048_576;

/** The key, beside Bitcoin's block files, that they are scrambled with to keep virus scanners away. */
const XOR_KEY_FILE = "xor.dat";
const XOR_KEY_BYTES = 8;

export interface FileBlock {
  /** Place in the file, from 0. */
  readonly index: number;
  /** Where the record starts, in bytes. */
  readonly offset: number;
  /** The block as on the Bitcoin wire. The caller's own. */
  readonly raw: Uint8Array;
}

/**
 * Yields the blocks of a file in their order, which in Bitcoin's own files is the order of arrival: a parent may come
 * after its child. Holds one block and one chunk in memory, however long the file. Zeros at the end are no error:
 * Bitcoin allocates its files in advance. A file that is scrambled with the key in `xor.dat` beside it is read like any
 * other (Bitcoin's since version 28).
 *
 * `magic` as in NetworkParams. Throws LocalError bad-file, naming the block's index and offset, where a record is not
 * what it must be; blocks yielded before are good.
 */
export function* readBlocks(path: string, magic: number): Generator<FileBlock> {
  const file = new FileReader(path);
  try {
    file.findXorKey(magic);
    for (let index = 0;; index++) {
      const block = readRecord(file, index, magic);
      if (!block) return;
      yield block;
    }
  } finally {
    file.close();
  }
}

function readRecord(file: FileReader, index: number, magic: number): FileBlock | undefined {
  const { offset } = file;

  function bad(why: string): LocalError {
    return new LocalError("bad-file", `Cannot read ${file.path}: block ${index} at byte ${offset}: ${why}`);
  }

  const available = file.prepare(RECORD_HEADER_BYTES);
  if (file.startsWithZeros(available)) {
    if (file.skipZeros()) return undefined;
    throw bad(`zeros in its place, but data follows at byte ${file.offset}`);
  }
  if (available < RECORD_HEADER_BYTES) throw bad(`the file ends after ${available} bytes of its header`);
  const header = new DataView(file.take(RECORD_HEADER_BYTES).buffer);
  const foundMagic = header.getUint32(0);
  if (foundMagic !== magic) throw bad(`magic ${hexMagic(magic)} wanted: received ${hexMagic(foundMagic)}`);
  const size = header.getUint32(MAGIC_BYTES, true);
  if (size < MIN_BLOCK_BYTES || size > MAX_BLOCK_BYTES) {
    throw bad(`a block has ${MIN_BLOCK_BYTES} to ${MAX_BLOCK_BYTES} bytes: received a length of ${size}`);
  }
  const found = file.prepare(size);
  if (found < size) throw bad(`the file ends after ${found} of its ${size} bytes`);
  return { index, offset, raw: file.take(size) };
}

/** A file as a window that moves forward. */
class FileReader {
  readonly path: string;
  readonly #file: number;
  /** As in the file, still scrambled: Bitcoin's padding is not. */
  readonly #window = new Uint8Array(MAX_BLOCK_BYTES + CHUNK_BYTES);
  #xorKey: Uint8Array | undefined;
  #start = 0;
  #end = 0;
  /** Position of the window's end in the file. */
  #position = 0;

  constructor(path: string) {
    this.path = path;
    this.#file = attempt(`read ${path}`, () => openSync(path, "r"));
  }

  /** Position in the file, in bytes. */
  get offset(): number {
    return this.#position - (this.#end - this.#start);
  }

  /** Uses the key beside the file if it turns the first bytes into the magic: a lone copy may lie beside any key. */
  findXorKey(magic: number): void {
    const key = attempt(`read ${this.path}`, () => readXorKey(this.path));
    if (!key || this.prepare(MAGIC_BYTES) < MAGIC_BYTES) return;
    const isKey = magicBytes(magic).every((byte, i) => byte === (this.#window[i]! ^ key[i]!));
    if (isKey) this.#xorKey = key;
  }

  /** Reads ahead until `size` bytes are there, or fewer at the end of the file; returns how many of them. */
  prepare(size: number): number {
    while (this.#end - this.#start < size) if (!this.#fill()) break;
    return Math.min(size, this.#end - this.#start);
  }

  /** A copy of the next bytes, which were prepared, in clear. */
  take(size: number): Uint8Array {
    const bytes = this.#window.slice(this.#start, this.#start + size);
    const key = this.#xorKey;
    if (key) {
      const { offset } = this;
      for (let i = 0; i < size; i++) bytes[i]! ^= key[(offset + i) % XOR_KEY_BYTES]!;
    }
    this.#start += size;
    return bytes;
  }

  /** Whether the next bytes, which were prepared, are all 0; so are none. */
  startsWithZeros(size: number): boolean {
    for (let i = 0; i < size; i++) if (this.#window[this.#start + i] !== 0) return false;
    return true;
  }

  /** Goes to the next byte that is not 0. Whether there was none up to the end. */
  skipZeros(): boolean {
    do {
      while (this.#start < this.#end && this.#window[this.#start] === 0) this.#start++;
      if (this.#start < this.#end) return false;
    } while (this.#fill());
    return true;
  }

  close(): void {
    closeSync(this.#file);
  }

  /** Reads one more chunk; false at the end of the file. */
  #fill(): boolean {
    if (this.#end + CHUNK_BYTES > this.#window.length) {
      this.#window.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    const count = attempt(
      `read ${this.path}`,
      () => readSync(this.#file, this.#window, this.#end, CHUNK_BYTES, this.#position),
    );
    this.#end += count;
    this.#position += count;
    return count > 0;
  }
}

function readXorKey(path: string): Uint8Array | undefined {
  const keyFile = join(dirname(path), XOR_KEY_FILE);
  if (!existsSync(keyFile)) return undefined;
  const key = readFileSync(keyFile);
  return key.length === XOR_KEY_BYTES ? key : undefined;
}

/** Writes a block file that appears under its name only when it is complete. */
export interface BlockFileWriter extends Disposable {
  /** Blocks written so far. */
  readonly count: number;
  write(raw: Uint8Array): void;
  /** Forces the file to the disk and gives it its name. */
  finish(): void;
  /** Throws away what was written, unless it is finished. Idempotent. */
  abort(): void;
}

export interface BlockFileOptions {
  /** Replace a file of that name. */
  readonly overwrite?: boolean;
}

/**
 * A new block file, which `readBlocks` and Bitcoin's -loadblock read. Throws LocalError: bad-file (a file of that name
 * exists, or the directory cannot be written to), store-full; after either, abort it.
 */
export function createBlockFileWriter(path: string, magic: number, options: BlockFileOptions = {}): BlockFileWriter {
  const { overwrite = false } = options;
  const temporaryPath = `${path}.${process.pid}.part`;
  const task = `write ${path}`;
  const chunk = new Uint8Array(CHUNK_BYTES);
  const recordHeader = new Uint8Array(RECORD_HEADER_BYTES);
  recordHeader.set(magicBytes(magic));
  let chunkLength = 0;
  let count = 0;
  let state: "open" | "closed" | "done" = "open";

  refuseExisting();
  const file = attempt(task, () => openSync(temporaryPath, "w"));

  function refuseExisting(): void {
    if (!overwrite && existsSync(path)) throw new LocalError("bad-file", `Cannot ${task}: it exists already`);
  }

  function checkOpen(): void {
    if (state !== "open") throw new LocalError("stopped", `Cannot ${task}: the file is closed`);
  }

  function append(bytes: Uint8Array): void {
    if (chunkLength + bytes.length > chunk.length) flush();
    if (bytes.length > chunk.length) return writeAll(bytes);
    chunk.set(bytes, chunkLength);
    chunkLength += bytes.length;
  }

  function flush(): void {
    writeAll(chunk.subarray(0, chunkLength));
    chunkLength = 0;
  }

  function writeAll(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) done += attempt(task, () => writeSync(file, bytes, done));
  }

  function close(): void {
    state = "closed";
    closeSync(file);
  }

  function write(raw: Uint8Array): void {
    checkOpen();
    if (raw.length < MIN_BLOCK_BYTES || raw.length > MAX_BLOCK_BYTES) {
      const wanted = `a block has ${MIN_BLOCK_BYTES} to ${MAX_BLOCK_BYTES} bytes`;
      throw new LocalError("bad-argument", `Cannot ${task}: ${wanted}: received ${raw.length}`);
    }
    new DataView(recordHeader.buffer).setUint32(MAGIC_BYTES, raw.length, true);
    append(recordHeader);
    append(raw);
    count++;
  }

  function finish(): void {
    checkOpen();
    flush();
    attempt(task, () => fsyncSync(file));
    close();
    refuseExisting();
    attempt(task, () => renameSync(temporaryPath, path));
    state = "done";
  }

  function abort(): void {
    if (state === "done") return;
    if (state === "open") close();
    rmSync(temporaryPath, { force: true });
  }

  return {
    get count() {
      return count;
    },
    write,
    finish,
    abort,
    [Symbol.dispose]: abort,
  };
}

function magicBytes(magic: number): Uint8Array {
  const bytes = new Uint8Array(MAGIC_BYTES);
  new DataView(bytes.buffer).setUint32(0, magic);
  return bytes;
}

const HEX_RADIX = 16;

function hexMagic(magic: number): string {
  return magic.toString(HEX_RADIX).padStart(2 * MAGIC_BYTES, "0");
}
