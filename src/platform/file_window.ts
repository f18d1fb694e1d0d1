import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { attempt } from "./file_error.ts";

/** Bytes read at a time: beyond 1 MiB a call costs nothing compared with the copy. */
const CHUNK_BYTES = 1_048_576;

/**
 * A file that is read front to back through a window, which is as large as what was asked for and one chunk. A pipe is
 * read like any other file; it is waited for.
 */
export class FileWindow implements Disposable {
  readonly path: string;
  readonly #file: number;
  readonly #isSeekable: boolean;
  #window = new Uint8Array(CHUNK_BYTES);
  #start = 0;
  #end = 0;
  /** Of the window's end in the file. */
  #position = 0;

  /** Throws LocalError where the file cannot be read. */
  constructor(path: string) {
    this.path = path;
    this.#file = attempt(`read ${path}`, () => openSync(path, "r"));
    this.#isSeekable = fstatSync(this.#file).isFile();
  }

  get offset(): number {
    return this.#position - (this.#end - this.#start);
  }

  prepare(sizeBytes: number): number {
    while (this.#end - this.#start < sizeBytes) if (!this.#fill(sizeBytes)) break;
    return Math.min(sizeBytes, this.#end - this.#start);
  }

  view(sizeBytes: number): Uint8Array {
    return this.#window.subarray(this.#start, this.#start + sizeBytes);
  }

  skip(sizeBytes: number): void {
    const there = this.#end - this.#start;
    if (sizeBytes <= there) {
      this.#start += sizeBytes;
      return;
    }
    this.#start = 0;
    this.#end = 0;
    if (this.#isSeekable) this.#position += sizeBytes - there;
    else this.#readPast(sizeBytes - there);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  #readPast(sizeBytes: number): void {
    for (let left = sizeBytes; left > 0;) {
      const there = this.prepare(Math.min(left, CHUNK_BYTES));
      if (there === 0) return;
      this.#start += there;
      left -= there;
    }
  }

  /** Reads one more piece; false at the end of the file. */
  #fill(wantedBytes: number): boolean {
    if (this.#start > 0) {
      this.#window.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    if (this.#end + CHUNK_BYTES > this.#window.length && wantedBytes > this.#end) {
      const larger = new Uint8Array(wantedBytes + CHUNK_BYTES);
      if (larger.length > this.#window.length) {
        larger.set(this.#window.subarray(0, this.#end));
        this.#window = larger;
      }
    }
    const room = Math.min(CHUNK_BYTES, this.#window.length - this.#end);
    const count = attempt(
      `read ${this.path}`,
      () => readSync(this.#file, this.#window, this.#end, room, this.#isSeekable ? this.#position : null),
    );
    this.#end += count;
    this.#position += count;
    return count > 0;
  }
}
