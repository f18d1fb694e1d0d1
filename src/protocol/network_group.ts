import {
  ADDRESS_SIZES,
  NETWORK_CJDNS,
  NETWORK_I2P,
  NETWORK_IPV4,
  NETWORK_IPV6,
  NETWORK_TOR_V3,
  parseAddress,
} from "./addresses.ts";
import type { NetAddress } from "./messages.ts";
import { bytesToHex } from "../util/hex.ts";

const BYTE_BITS = 8;
const BYTE_MASK = 0xff;

/**
 * Leading bits of an address that usually belong to one owner. IPv4: a provider's range is rarely smaller than /16.
 * IPv6: registries give providers a /32. Onion and I2P addresses cost nothing: with four bits, all of them together
 * are sixteen groups. CJDNS: the first byte is fixed, four more bits, as for those.
 */
const GROUP_BITS: ReadonlyMap<number, number> = new Map([
  [NETWORK_IPV4, 16],
  [NETWORK_IPV6, 32],
  [NETWORK_TOR_V3, 4],
  [NETWORK_I2P, 4],
  [NETWORK_CJDNS, 12],
]);

/**
 * A name for the addresses that one owner may well have all of: what is spread over groups is spread over owners. Not
 * to be shown to strangers unkeyed where it decides something.
 */
export function networkGroup({ networkId, bytes }: NetAddress): string {
  const bits = GROUP_BITS.get(networkId);
  if (bits === undefined || ADDRESS_SIZES.get(networkId) !== bytes.length) return `${networkId}`;
  const prefix = bytes.slice(0, Math.ceil(bits / BYTE_BITS));
  const rest = bits % BYTE_BITS;
  if (rest > 0) prefix[prefix.length - 1]! &= BYTE_MASK << (BYTE_BITS - rest);
  return `${networkId}:${bytesToHex(prefix)}`;
}

/** The group of a host as endpoints name it; a host name that is no address is a group of its own. */
export function groupOfHost(host: string): string {
  const address = parseAddress(host);
  return address ? networkGroup(address) : host;
}
