import { createHash } from "node:crypto";
import type { Hasher } from "../../src/util/hash.ts";

/** SHA-256 by a library that none of our adapters wraps on all runtimes: slow, and an independent opinion. */
export const testHasher: Hasher = {
  sha256,
  sha256d: (data) => sha256(sha256(data)),
  sha256dInto: (data, into, at) => into.set(sha256(sha256(data)), at),
};

function sha256(data: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(data).digest());
}
