import type { AddressScope } from "../protocol/addresses.ts";

const DISTANCE: { readonly [S in AddressScope]: number } = { none: Infinity, loopback: 0, private: 1, global: 2 };

/**
 * Whether an address of the scope `target` means the same host to us and to somebody who is at an address of the scope
 * `other`: nobody on the internet has anything to say about 192.168.0.1, and nobody there has any use for it.
 */
export function reaches(other: AddressScope, target: AddressScope): boolean {
  return DISTANCE[target] >= DISTANCE[other] && target !== "none" && other !== "none";
}
