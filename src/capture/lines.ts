import type { ByteSource } from "./byte_source.ts";
import { badFile } from "./packets.ts";

/** One line of a text file, without its end. */
export interface Line {
  /** From 1. */
  readonly number: number;
  /** Where it begins, in bytes. */
  readonly offset: number;
  readonly text: string;
  /** Whether the line ends with a line feed: the last one of a file that was cut does not. */
  readonly isWhole: boolean;
}

const LINE_FEED = 0x0a;
/** 64 KiB are looked at first. */
const STEP_BYTES = 65_536;

const utf8 = new TextDecoder();

/** Yields the lines of a file. Throws LocalError bad-file for one of more than `maxBytes`. */
export function* readLines(source: ByteSource, maxBytes: number): Generator<Line> {
  for (let number = 1;; number++) {
    const { offset } = source;
    const end = findEnd(source, maxBytes);
    if (end === undefined) throw badFile(source, offset, `line ${number} has more than ${maxBytes} bytes`);
    if (end.sizeBytes === 0 && !end.isWhole) return;
    const text = utf8.decode(source.view(end.sizeBytes));
    source.skip(end.sizeBytes + (end.isWhole ? 1 : 0));
    yield { number, offset, text, isWhole: end.isWhole };
  }
}

/** Where the next line ends; undefined if it is too long. */
function findEnd(
  source: ByteSource,
  maxBytes: number,
): { readonly sizeBytes: number; readonly isWhole: boolean } | undefined {
  let searched = 0;
  for (let wanted = STEP_BYTES;; wanted = 2 * wanted) {
    const there = source.prepare(Math.min(wanted, maxBytes + 1));
    const at = source.view(there).indexOf(LINE_FEED, searched);
    if (at >= 0) return { sizeBytes: at, isWhole: true };
    if (there < Math.min(wanted, maxBytes + 1)) return { sizeBytes: there, isWhole: false };
    if (there > maxBytes) return undefined;
    searched = there;
  }
}
