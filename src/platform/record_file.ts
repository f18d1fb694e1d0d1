import { existsSync, renameSync, rmSync, statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { extname } from "node:path";
import { LocalError } from "../protocol/errors.ts";
import { attempt, explainFileError } from "./file_error.ts";

/** A file of records that is written behind the back of who appends to it. */
export interface RecordFile {
  /** Takes a copy of one record. False: it is not in the file, because the disk is too slow, or the file has ended. */
  append(record: Uint8Array): boolean;
  /** Writes what waits, then `last`, and closes the file. Idempotent. */
  close(last?: Uint8Array): Promise<void>;
  /** Resolves with the error that ended the file early. */
  readonly failed: Promise<LocalError>;
  /** Records that were taken and then lost, because the file ended early: some of them may be in it. */
  readonly lost: number;
}

export interface RecordFileOptions {
  readonly path: string;
  /** What each file begins with. */
  readonly head: Uint8Array;
  /** A file that would become larger is put aside as `name.1.ext`, one before it as `name.2.ext`, and so on. */
  readonly maxFileBytes: number;
  /** Files that exist at a time. What was there before under the same names counts. */
  readonly maxFiles: number;
  /** Bytes that may wait for the disk. */
  readonly maxWaitingBytes: number;
}

/** Bytes of one batch at first: it doubles up to the bound. */
const INITIAL_BYTES = 65_536;

/** Records that wait, and where among them a new file begins. */
class Batch {
  bytes = new Uint8Array(INITIAL_BYTES);
  used = 0;
  readonly cuts: number[] = [];
  records = 0;

  add(record: Uint8Array): void {
    if (this.used + record.length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.used + record.length));
      larger.set(this.bytes.subarray(0, this.used));
      this.bytes = larger;
    }
    this.bytes.set(record, this.used);
    this.used += record.length;
  }
}

/** Opens the first file. Rejects with LocalError. */
export async function openRecordFile(options: RecordFileOptions): Promise<RecordFile> {
  putAside(options);
  return new RotatingFile(options, await openFile(options.path));
}

class RotatingFile implements RecordFile {
  readonly failed: Promise<LocalError>;
  readonly #options: RecordFileOptions;
  readonly #failure = Promise.withResolvers<LocalError>();
  #file: FileHandle;
  #waiting = new Batch();
  /** Of the file that the last waiting record goes to. */
  #fileBytes = 0;
  #writing: Promise<void> | undefined;
  #state: "open" | "closing" | "over" = "open";
  /** Records of the batch that is being written. */
  #underWay = 0;
  lost = 0;

  constructor(options: RecordFileOptions, file: FileHandle) {
    this.#options = options;
    this.#file = file;
    this.failed = this.#failure.promise;
    this.#add(options.head);
  }

  append(record: Uint8Array): boolean {
    if (this.#state !== "open") return false;
    const { head, maxFileBytes, maxWaitingBytes } = this.#options;
    const begins = this.#fileBytes + record.length > maxFileBytes && this.#fileBytes > head.length;
    if (this.#waiting.used + record.length + (begins ? head.length : 0) > maxWaitingBytes) return false;
    if (begins) {
      this.#waiting.cuts.push(this.#waiting.used);
      this.#fileBytes = 0;
      this.#add(head);
    }
    this.#add(record);
    this.#waiting.records++;
    this.#writing ??= this.#writeAll();
    return true;
  }

  async close(last?: Uint8Array): Promise<void> {
    if (this.#state === "open") {
      this.#state = "closing";
      if (last) this.#add(last);
      this.#writing ??= this.#writeAll();
    }
    await this.#writing;
    if (this.#state === "over") return;
    this.#state = "over";
    await this.#file.close();
  }

  #add(record: Uint8Array): void {
    this.#waiting.add(record);
    this.#fileBytes += record.length;
  }

  /** Writes batch after batch until none waits: one write is under way at a time, and the next batch grows meanwhile. */
  async #writeAll(): Promise<void> {
    try {
      // What a turn of the loop says goes into one write.
      await Promise.resolve();
      while (this.#waiting.used > 0) {
        const batch = this.#waiting;
        this.#underWay = batch.records;
        this.#waiting = new Batch();
        await this.#write(batch);
      }
    } catch (error) {
      await this.#fail(error);
    } finally {
      this.#writing = undefined;
    }
  }

  async #write({ bytes, used, cuts }: Batch): Promise<void> {
    let start = 0;
    for (const cut of cuts) {
      await writeWhole(this.#file, bytes, start, cut);
      await this.#file.close();
      putAside(this.#options);
      this.#file = await openFile(this.#options.path);
      start = cut;
    }
    await writeWhole(this.#file, bytes, start, used);
  }

  /** Whoever appends must not suffer from a full disk: the file ends, and `failed` says why. */
  async #fail(error: unknown): Promise<void> {
    const explained = explainFileError(`write ${this.#options.path}`, error);
    if (!(explained instanceof LocalError)) throw explained;
    this.#state = "over";
    this.lost = this.#underWay + this.#waiting.records;
    this.#waiting = new Batch();
    await this.#file.close().catch(() => {}); // it may be closed already: the failure is told either way
    this.#failure.resolve(explained);
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, "w");
  } catch (error) {
    throw explainFileError(`write ${path}`, error);
  }
}

async function writeWhole(file: FileHandle, bytes: Uint8Array, start: number, end: number): Promise<void> {
  for (let at = start; at < end;) at += (await file.write(bytes, at, end - at)).bytesWritten;
}

/** Makes room for a new file under the path: what is there becomes number 1, number 1 becomes 2; the last one leaves. */
function putAside({ path, maxFiles }: RecordFileOptions): void {
  if (!existsSync(path) || !statSync(path).isFile()) return;
  attempt(`put ${path} aside`, () => {
    if (maxFiles <= 1) return rmSync(path);
    for (let number = maxFiles - 1; number >= 1; number--) {
      const older = number === 1 ? path : numbered(path, number - 1);
      if (existsSync(older)) renameSync(older, numbered(path, number));
    }
  });
}

/** `net.1.pcapng` for `net.pcapng`. */
function numbered(path: string, number: number): string {
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}.${number}${extension}`;
}
