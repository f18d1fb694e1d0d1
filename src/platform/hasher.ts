import { hash } from "node:crypto";
import { HASH_SIZE_BYTES, type Hasher } from "../util/hash.ts";
import { bun, deno } from "./runtimes.ts";
import { createSmallHasher } from "./sha256_wasm.ts";

/**
 * Longest input in bytes that WebAssembly hashes faster than the native call does, once and twice (bench/hasher.ts).
 * Every small message is below, and so are a header and the pairs of a merkle tree.
 */
const NODE_WASM_BYTES = { once: 180, twice: 440 };
const DENO_WASM_BYTES = { once: 500, twice: 1000 };

/** SHA-256 as this runtime has it fastest. A double one of 80 bytes takes 0.2 µs on Bun, 0.7 on Node, 1.2 on Deno. */
export function createHasher(): Hasher {
  if (bun) return bunHasher(bun.SHA256);
  const wasmBytes = deno ? DENO_WASM_BYTES : NODE_WASM_BYTES;
  const small = createSmallHasher();
  return {
    sha256: (data) => data.length <= wasmBytes.once ? small.sha256(data) : nodeSha256(data),
    sha256d: (data) => data.length <= wasmBytes.twice ? small.sha256d(data) : small.sha256(nodeSha256(data)),
    sha256dInto(data, into, at) {
      if (data.length <= wasmBytes.twice) small.sha256dInto(data, into, at);
      else into.set(small.sha256(nodeSha256(data)), at);
    },
  };
}

function bunHasher(native: NonNullable<typeof bun>["SHA256"]): Hasher {
  const inner = new Uint8Array(HASH_SIZE_BYTES);
  const outer = new Uint8Array(HASH_SIZE_BYTES);
  return {
    sha256: (data) => native.hash(data, new Uint8Array(HASH_SIZE_BYTES)),
    sha256d: (data) => native.hash(native.hash(data, inner), new Uint8Array(HASH_SIZE_BYTES)),
    sha256dInto: (data, into, at) => into.set(native.hash(native.hash(data, inner), outer), at),
  };
}

function nodeSha256(data: Uint8Array): Uint8Array {
  // A Buffer's slice() is a view: what leaves here must be a plain array. The digest has its memory to itself.
  const digest = hash("sha256", data, "buffer");
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.length);
}
