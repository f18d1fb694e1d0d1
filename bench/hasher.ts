import { hash } from "node:crypto";
import { createHasher } from "../src/platform/hasher.ts";
import { createSmallHasher } from "../src/platform/sha256_wasm.ts";
import { type Subject, timed } from "./support.ts";

/** A ping, a block header, a small application message, and where the native call may be ahead. */
const SIZES_BYTES = [8, 80, 250, 500, 1000, 1_000_000];
const HASHES = 100;
const LARGE_BYTES = 10_000;

/** Double SHA-256 as nodes compute it, against the runtime's native call and WebAssembly by themselves. */
export const subject: Subject = timed("double SHA-256", () => {
  const hasher = createHasher();
  const small = createSmallHasher();
  return SIZES_BYTES.flatMap((sizeBytes) => {
    const data = new Uint8Array(sizeBytes).fill(1);
    const operations = sizeBytes > LARGE_BYTES ? 1 : HASHES;
    const candidate = (name: string, sha256d: (data: Uint8Array) => Uint8Array) => ({
      name: `${sizeBytes} bytes, ${name}`,
      operations,
      run() {
        for (let i = 0; i < operations; i++) sha256d(data);
      },
    });
    return [
      candidate("as nodes do", hasher.sha256d),
      candidate("node:crypto", (bytes) => hash("sha256", hash("sha256", bytes, "buffer"), "buffer")),
      ...(sizeBytes > small.maxBytes ? [] : [candidate("WebAssembly", small.sha256d)]),
    ];
  });
});
