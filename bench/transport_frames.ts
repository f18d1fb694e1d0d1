// What both ends of bench/transport.ts agree on.

import { createTransport as createBunTransport } from "../src/platform/bun.ts";
import { createTransport as createDenoTransport } from "../src/platform/deno.ts";
import { createTransport as createNodeTransport } from "../src/platform/nodejs.ts";
import { bun, deno } from "../src/platform/runtimes.ts";
import type { ConnectionSink, Transport } from "../src/platform/types.ts";

/** The adapters that this runtime can run. */
export const ADAPTERS: Readonly<Record<string, () => Transport>> = {
  ...(bun ? { bun: () => createBunTransport() } : {}),
  ...(deno ? { deno: () => createDenoTransport() } : {}),
  "node:net": () => createNodeTransport(),
};

/** A header of 24 bytes and a payload of 232, as in most messages of 256 bytes. */
export const HEADER_BYTES = 24;
export const FRAME_BYTES = 256;
const LENGTH_OFFSET = 16;

/** As many frames as fit, each with its payload's length in its header. */
export function fillFrames(sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + FRAME_BYTES <= sizeBytes; at += FRAME_BYTES) {
    view.setUint32(at + LENGTH_OFFSET, FRAME_BYTES - HEADER_BYTES, true);
  }
  return bytes;
}

/** Finds the frames in what arrives, in place; a frame that a chunk cuts is put together first. */
export class FrameCounter implements ConnectionSink {
  frames = 0;
  sizeBytes = 0;
  readonly #held = new Uint8Array(FRAME_BYTES);
  #heldBytes = 0;

  data(chunk: Uint8Array): void {
    this.sizeBytes += chunk.length;
    let at = 0;
    if (this.#heldBytes > 0) {
      at = Math.min(FRAME_BYTES - this.#heldBytes, chunk.length);
      this.#held.set(chunk.subarray(0, at), this.#heldBytes);
      this.#heldBytes += at;
      if (this.#heldBytes < FRAME_BYTES) return;
      this.#heldBytes = 0;
      this.frames++;
    }
    while (chunk.length - at >= FRAME_BYTES) {
      at += HEADER_BYTES + readLength(chunk, at + LENGTH_OFFSET);
      this.frames++;
    }
    this.#held.set(chunk.subarray(at), 0);
    this.#heldBytes = chunk.length - at;
  }

  drained(): void {}
  closed(): void {}
}

function readLength(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
