import { NETWORK_CJDNS, NETWORK_I2P, NETWORK_IPV4, NETWORK_IPV6, NETWORK_TOR_V3 } from "../protocol/addresses.ts";
import type { NetAddress } from "../protocol/messages.ts";

/**
 * The part of an address that one owner usually holds as a whole, as text for comparison: many addresses of one group
 * cost hardly more than one. IPv4: /16. IPv6: /32. CJDNS: 12 bits, of which the first 8 are the same everywhere. Tor and
 * I2P: 4 bits, because their addresses cost nothing: 16 groups in all. IPv6 addresses that carry an IPv4 address are of
 * that one's group.
 */
export function addressGroup(address: NetAddress): string {
  const inner = innerIpv4(address);
  if (inner) return prefixOf(NETWORK_IPV4, inner, IPV4_GROUP_BITS);
  return prefixOf(address.networkId, address.bytes, GROUP_BITS.get(address.networkId) ?? WHOLE);
}

const IPV4_GROUP_BITS = 16;
const WHOLE = Infinity;

const GROUP_BITS: ReadonlyMap<number, number> = new Map([
  [NETWORK_IPV4, IPV4_GROUP_BITS],
  [NETWORK_IPV6, 32],
  [NETWORK_TOR_V3, 4],
  [NETWORK_I2P, 4],
  [NETWORK_CJDNS, 12],
]);

/** IPv6 prefixes behind which an IPv4 address stands, and where. */
const TUNNELS: readonly (readonly [prefix: readonly number[], at: number])[] = [
  [[0x20, 0x02], 2], // 6to4 (RFC 3056)
  [[0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0], 12], // translators (RFC 6052)
  [[0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0], 12], // translators (RFC 2765)
];
const TEREDO_PREFIX = [0x20, 0x01, 0, 0];
const TEREDO_CLIENT_AT = 12;
const IPV4_BYTES = 4;
const BYTE_MASK = 0xff;

function innerIpv4({ networkId, bytes }: NetAddress): Uint8Array | undefined {
  if (networkId !== NETWORK_IPV6) return undefined;
  // Teredo writes the client's address inverted (RFC 4380, section 4).
  if (startsWith(bytes, TEREDO_PREFIX)) return bytes.slice(TEREDO_CLIENT_AT).map((byte) => byte ^ BYTE_MASK);
  const tunnel = TUNNELS.find(([prefix]) => startsWith(bytes, prefix));
  return tunnel && bytes.subarray(tunnel[1], tunnel[1] + IPV4_BYTES);
}

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, i) => bytes[i] === byte);
}

const BYTE_BITS = 8;

function prefixOf(networkId: number, bytes: Uint8Array, bits: number): string {
  const wholeBytes = Math.min(Math.floor(bits / BYTE_BITS), bytes.length);
  let text = `${networkId}:`;
  for (let i = 0; i < wholeBytes; i++) text += `${bytes[i]}.`;
  const rest = bits % BYTE_BITS;
  return rest > 0 ? `${text}${bytes[wholeBytes]! >> (BYTE_BITS - rest)}/${rest}` : text;
}
