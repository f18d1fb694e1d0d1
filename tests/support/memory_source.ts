import type { ByteSource } from "../../src/capture/byte_source.ts";

/** Bytes as a file of captures is read, for tests. */
export function memorySource(bytes: Uint8Array): ByteSource {
  let at = 0;
  return {
    path: "memory",
    get offset() {
      return at;
    },
    prepare: (sizeBytes) => Math.max(0, Math.min(sizeBytes, bytes.length - at)),
    // A copy: what is borrowed must not be kept, and a test would not notice.
    view: (sizeBytes) => bytes.slice(at, at + sizeBytes),
    skip(sizeBytes) {
      at += sizeBytes;
    },
  };
}
