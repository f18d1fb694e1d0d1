/** Serves the whole chain of blocks. */
export const SERVICE_NETWORK = 1n << 0n;
/** Answers queries for unspent outputs (BIP64). */
export const SERVICE_GETUTXO = 1n << 1n;
/** Filters transactions by Bloom filters (BIP111). */
export const SERVICE_BLOOM = 1n << 2n;
/** Serves blocks and transactions with witnesses (BIP144). */
export const SERVICE_WITNESS = 1n << 3n;
/** Serves compact filters of blocks (BIP157). */
export const SERVICE_COMPACT_FILTERS = 1n << 6n;
/** Serves the last 288 blocks (BIP159). */
export const SERVICE_NETWORK_LIMITED = 1n << 10n;
/** Speaks the encrypted transport (BIP324). */
export const SERVICE_P2P_V2 = 1n << 11n;
/**
 * Takes application messages: topics, requests, bytes. A bit of our own in the range for experiments (24 to 31 by the
 * Bitcoin protocol), away from those that other software is known to use.
 */
export const SERVICE_P2P_APPS = 1n << 30n;

const NAMES: ReadonlyMap<bigint, string> = new Map([
  [SERVICE_NETWORK, "NETWORK"],
  [SERVICE_GETUTXO, "GETUTXO"],
  [SERVICE_BLOOM, "BLOOM"],
  [SERVICE_WITNESS, "WITNESS"],
  [SERVICE_COMPACT_FILTERS, "COMPACT_FILTERS"],
  [SERVICE_NETWORK_LIMITED, "NETWORK_LIMITED"],
  [SERVICE_P2P_V2, "P2P_V2"],
  [SERVICE_P2P_APPS, "P2P_APPS"],
]);

const SERVICE_BITS = 64;

/** Names of the services in `flags`, lowest bit first; a bit that we do not know is `BIT_n`. */
export function serviceNames(flags: bigint): string[] {
  const names: string[] = [];
  for (let bit = 0; bit < SERVICE_BITS; bit++) {
    const flag = 1n << BigInt(bit);
    if ((flags & flag) !== 0n) names.push(NAMES.get(flag) ?? `BIT_${bit}`);
  }
  return names;
}

/** Whether `flags` has every service of `wanted`. */
export function hasServices(flags: bigint, wanted: bigint): boolean {
  return (flags & wanted) === wanted;
}

/** What a node needs that begins: the whole chain, with witnesses, without which no block can be checked. */
export const SERVICES_OF_FULL_NODES = SERVICE_NETWORK | SERVICE_WITNESS;
const SERVICES_OF_PRUNED_NODES = SERVICE_NETWORK_LIMITED | SERVICE_WITNESS;

/** Whether a node with these services has the blocks that we lack. `isNearTip`: they are the newest at most. */
export function servesBlocks(services: bigint, isNearTip: boolean): boolean {
  return hasServices(services, SERVICES_OF_FULL_NODES) ||
    (isNearTip && hasServices(services, SERVICES_OF_PRUNED_NODES));
}
