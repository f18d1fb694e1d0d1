import { equalBytes } from "../util/bytes.ts";
import { bytesToHex } from "../util/hex.ts";
import { ADDRESS_SIZES, formatAddress, NETWORK_CJDNS, NETWORK_IPV4, parseAddress } from "./addresses.ts";
import type { NetAddress } from "./messages.ts";

/** All addresses of one network that share their leading bits; the other bits of `bytes` are zero. */
export interface Subnet {
  /** As in `NetAddress`. */
  readonly networkId: number;
  /** As long as an address of that network. */
  readonly bytes: Uint8Array;
  /** How many leading bits count. */
  readonly bits: number;
}

const BYTE_BITS = 8;
const BYTE_MASK = 0xff;
/** Length of the prefix of IPv4 in IPv6, ::ffff:0:0/96. */
const MAPPED_BITS = 96;

/** Reads an address (a subnet of one) or `address/bits`. Throws SyntaxError with the reason. */
export function parseSubnet(text: string): Subnet {
  const [host, length, ...rest] = text.split("/");
  const address = parseAddress(unbracket(host!));
  if (!address || rest.length > 0) throw new SyntaxError("must be an address or ADDRESS/BITS, such as 192.0.2.0/24");
  const whole = ADDRESS_SIZES.get(address.networkId)! * BYTE_BITS;
  if (length === undefined) return subnetOf(address, whole);
  // IPv4 in the form of IPv6 (::ffff:192.0.2.0/120): the bits before it count there.
  const extra = address.networkId === NETWORK_IPV4 && host!.includes(":") ? MAPPED_BITS : 0;
  const bits = (/^\d{1,3}$/.test(length) ? Number(length) : NaN) - extra;
  if (!(bits >= 0 && bits <= whole)) {
    throw new SyntaxError(`must have a number from ${extra} to ${whole + extra} after the slash`);
  }
  // fc00::/8 is a network of its own here, and no part of IPv6.
  if (address.networkId === NETWORK_CJDNS && bits < BYTE_BITS) {
    throw new SyntaxError("must be either fc00::/8, which is CJDNS, or fd00::/8, private networks");
  }
  return subnetOf(address, bits);
}

/** `address/bits`, or the address alone where all bits count. `parseSubnet` reads it back. */
export function formatSubnet({ networkId, bytes, bits }: Subnet): string {
  const text = formatAddress({ networkId, bytes });
  return bits === bytes.length * BYTE_BITS ? text : `${text}/${bits}`;
}

/** The subnet of the addresses that share the first `bits` bits with this one. */
export function subnetOf({ networkId, bytes }: NetAddress, bits: number): Subnet {
  return { networkId, bytes: mask(bytes, bits), bits };
}

/** Whether there are addresses that both hold: one of them lies within the other. */
export function subnetsOverlap(one: Subnet, other: Subnet): boolean {
  const bits = Math.min(one.bits, other.bits);
  return one.networkId === other.networkId && equalBytes(mask(one.bytes, bits), mask(other.bytes, bits));
}

/** Whether the address is one of the subnet. */
export function subnetHolds({ networkId, bytes, bits }: Subnet, address: NetAddress): boolean {
  if (address.networkId !== networkId || address.bytes.length !== bytes.length) return false;
  return equalBytes(mask(address.bytes, bits), bytes);
}

/** Values by subnet. Finding those of an address costs one look-up for each length of prefix in use. */
export class SubnetMap<T> {
  /** By network, then by bits; keys are the masked bytes in hex. */
  readonly #networks = new Map<number, Map<number, Map<string, T>>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(subnet: Subnet): T | undefined {
    return this.#networks.get(subnet.networkId)?.get(subnet.bits)?.get(bytesToHex(subnet.bytes));
  }

  set(subnet: Subnet, value: T): void {
    const { networkId, bits, bytes } = subnet;
    const lengths = this.#networks.get(networkId) ?? new Map<number, Map<string, T>>();
    this.#networks.set(networkId, lengths);
    const prefixes = lengths.get(bits) ?? new Map<string, T>();
    lengths.set(bits, prefixes);
    const key = bytesToHex(bytes);
    if (!prefixes.has(key)) this.#size++;
    prefixes.set(key, value);
  }

  delete(subnet: Subnet): boolean {
    const lengths = this.#networks.get(subnet.networkId);
    const prefixes = lengths?.get(subnet.bits);
    if (!prefixes?.delete(bytesToHex(subnet.bytes))) return false;
    this.#size--;
    if (prefixes.size === 0) lengths!.delete(subnet.bits);
    return true;
  }

  /** The values of all subnets that hold the address. */
  *holding(address: NetAddress): Iterable<T> {
    for (const [bits, prefixes] of this.#networks.get(address.networkId) ?? []) {
      if (bits > address.bytes.length * BYTE_BITS) continue;
      const value = prefixes.get(bytesToHex(mask(address.bytes, bits)));
      if (value !== undefined) yield value;
    }
  }

  *values(): Iterable<T> {
    for (const lengths of this.#networks.values()) {
      for (const prefixes of lengths.values()) yield* prefixes.values();
    }
  }
}

/** The bytes with all but the first `bits` bits cleared, in memory of their own. */
function mask(bytes: Uint8Array, bits: number): Uint8Array {
  const masked = bytes.slice();
  const whole = Math.floor(bits / BYTE_BITS);
  const rest = bits % BYTE_BITS;
  if (rest > 0) masked[whole]! &= BYTE_MASK << (BYTE_BITS - rest);
  masked.fill(0, rest > 0 ? whole + 1 : whole);
  return masked;
}

function unbracket(host: string): string {
  return host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
}
