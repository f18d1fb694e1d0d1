import type { NetworkParams } from "../protocol/network_params.ts";
import type { Hasher } from "../util/hash.ts";
import { bitcoinCodec } from "./bitcoin.ts";
import type { Decoder, RawFrame } from "./codec.ts";
import { nativeCodec } from "./native.ts";

const NO_BYTES = new Uint8Array(0);
/** Nobody is asked: checksums are not looked at. */
const NO_HASHER: Hasher = { sha256: () => NO_BYTES, sha256d: () => NO_BYTES, sha256dInto() {} };

/** The frames of a byte stream of a network, as they are: nothing is opened, and no checksum verified. */
export function createSplitter({ wire, magic }: Pick<NetworkParams, "wire" | "magic">): Decoder<RawFrame> {
  const codec = wire === "native" ? nativeCodec(magic) : bitcoinCodec(magic, NO_HASHER, { checksums: false });
  // It opens none, so that every frame comes closed.
  return codec.createSorter(new Set()) as Decoder<RawFrame>;
}
