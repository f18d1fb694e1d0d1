import type { FrameSource } from "../../ring/frames.ts";
import { decodeNumbered } from "./records.ts";

/** Finds the frame that a record speaks of in the ring that all shards read. */
export class BroadcastReader {
  readonly #source: FrameSource;

  constructor(source: FrameSource) {
    this.#source = source;
  }

  /** Takes frames up to the one of this number; it was committed before the record that names it. */
  take(wanted: number): Uint8Array {
    let found: Uint8Array | undefined;
    while (!found) {
      const taken = this.#source.take((bytes, start, end) => {
        const { number, frame } = decodeNumbered(bytes.slice(start, end));
        if (number === wanted) found = frame;
      }, 1);
      if (taken === 0) throw new Error(`frame ${wanted} is not in the broadcast ring`);
    }
    return found;
  }
}
