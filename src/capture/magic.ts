import type { NetworkParams } from "../protocol/network_params.ts";

/** What each frame of a network begins with, in bytes. */
export const MAGIC_BYTES = 4;

const BYTE_BITS = 8;

/** The first place where a frame of one of the networks may begin. */
export function findMagic(
  bytes: Uint8Array,
  networks: readonly NetworkParams[],
): { readonly at: number; readonly network: NetworkParams } | undefined {
  let window = 0;
  for (let i = 0; i < bytes.length; i++) {
    window = ((window << BYTE_BITS) | bytes[i]!) >>> 0;
    if (i < MAGIC_BYTES - 1) continue;
    for (const network of networks) {
      if (network.magic === window) return { at: i - (MAGIC_BYTES - 1), network };
    }
  }
  return undefined;
}

/** The network whose frames begin like these bytes. */
export function networkOf(bytes: Uint8Array, networks: readonly NetworkParams[]): NetworkParams | undefined {
  return findMagic(bytes.subarray(0, MAGIC_BYTES), networks)?.network;
}
