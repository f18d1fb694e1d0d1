import { Buffer } from "node:buffer";
import { deno } from "./runtimes.ts";

/** Copies all of `source` to `offset` of `target`. */
export type CopyBytes = (source: Uint8Array, target: Uint8Array, offset: number) => void;

const copyOfBuffer = Buffer.prototype.copy as (this: Uint8Array, target: Uint8Array, targetStart: number) => number;

/**
 * The fastest copy into shared memory: on Bun a quarter faster than `set`, on Node as fast, and Deno's `Buffer.copy` is
 * made of `set` and takes three times as long.
 */
export const copyBytes: CopyBytes = deno
  ? (source, target, offset) => target.set(source, offset)
  : (source, target, offset) => void copyOfBuffer.call(source, target, offset);
