import { LocalError } from "../protocol/errors.ts";
import type { ByteSource } from "./byte_source.ts";

/** One packet of a capture file. */
export interface Packet {
  /** From 1, as Wireshark counts. */
  readonly number: number;
  /** Milliseconds since the Unix epoch; undefined where the file does not say. */
  readonly time: number | undefined;
  readonly linkType: number;
  /** Borrowed until the next packet. */
  readonly data: Uint8Array;
  /** Bytes that it had on the wire: more than `data` has if the capture cut it. */
  readonly wireBytes: number;
  readonly direction: "in" | "out" | undefined;
  readonly comment: string | undefined;
}

/** The LocalError for a capture file that is not what it must be. */
export function badFile({ path }: ByteSource, offset: number, why: string): LocalError {
  return new LocalError("bad-file", `Cannot read ${path}: at byte ${offset}: ${why}`);
}
