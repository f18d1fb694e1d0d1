import { Pump } from "../../ring/pump.ts";
import type { FrameSource, RingEnd } from "../../ring/frames.ts";
import type { Env } from "../../util/env.ts";
import { RECORD_BYTES } from "../../protocol/shard_params.ts";
import { FRAMES_HEAD_BYTES } from "./records.ts";

export interface RecordReceiverOptions {
  readonly env: Env;
  readonly source: FrameSource;
  /** The record is lent until this returns. */
  readonly handle: (record: Uint8Array) => void;
  readonly onEnd: (end: Exclude<RingEnd, "open">) => void;
}

/** Takes records out of a ring and into memory of this thread: much that reads bytes refuses shared ones. */
export class RecordReceiver {
  readonly #options: RecordReceiverOptions;
  readonly #scratch = new Uint8Array(FRAMES_HEAD_BYTES + RECORD_BYTES);
  readonly #pump: Pump;

  constructor(options: RecordReceiverOptions) {
    this.#options = options;
    this.#pump = new Pump({
      source: options.source,
      env: options.env,
      handle: (bytes, start, end) => this.#onFrame(bytes, start, end),
      onEnd: options.onEnd,
    });
  }

  /** Call it when there is something in the ring, and once in the beginning. */
  kick(): void {
    this.#pump.kick();
  }

  /** Takes all that is there, and nothing afterwards: the writer is dead. */
  finish(): void {
    while (this.#options.source.take((bytes, start, end) => this.#onFrame(bytes, start, end)) > 0);
    this.#pump.stop();
  }

  #onFrame(bytes: Uint8Array, start: number, end: number): void {
    const sizeBytes = end - start;
    const copy = sizeBytes <= this.#scratch.length ? this.#scratch.subarray(0, sizeBytes) : new Uint8Array(sizeBytes);
    copy.set(bytes.subarray(start, end));
    this.#options.handle(copy);
  }
}
