import ipaddr from "ipaddr.js";
import { base32ToBytes, bytesToBase32 } from "../util/base32.ts";
import { concatBytes, equalBytes } from "../util/bytes.ts";
import { ipVersion } from "../util/endpoint.ts";
import { bytesToHex } from "../util/hex.ts";
import { sha3 } from "../util/sha3.ts";
import type { NetAddress } from "./messages.ts";

/** Networks of an address (BIP155). */
export const NETWORK_IPV4 = 1;
export const NETWORK_IPV6 = 2;
export const NETWORK_TOR_V3 = 4;
export const NETWORK_I2P = 5;
export const NETWORK_CJDNS = 6;

/** How people call them. */
export const NETWORK_NAMES: ReadonlyMap<number, string> = new Map([
  [NETWORK_IPV4, "ipv4"],
  [NETWORK_IPV6, "ipv6"],
  [NETWORK_TOR_V3, "onion"],
  [NETWORK_I2P, "i2p"],
  [NETWORK_CJDNS, "cjdns"],
]);

/** Size of an address of each network that we know, in bytes; one of another size is malformed (BIP155). */
export const ADDRESS_SIZES: ReadonlyMap<number, number> = new Map([
  [NETWORK_IPV4, 4],
  [NETWORK_IPV6, 16],
  [NETWORK_TOR_V3, 32],
  [NETWORK_I2P, 32],
  [NETWORK_CJDNS, 16],
]);

/** Size of the IPv6 form in which version and addr messages carry every address, in bytes. */
export const IPV6_FORM_BYTES = 16;

/** ::ffff:0:0/96, IPv4 inside IPv6 (RFC 4291, section 2.5.5.2). */
const IPV4_MAPPED_PREFIX = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);
/** fc00::/8 is CJDNS. Local networks take their addresses from fd00::/8 (RFC 4193). */
const CJDNS_FIRST_BYTE = 0xfc;
const TOR_SUFFIX = ".onion";
const I2P_SUFFIX = ".b32.i2p";
const TOR_VERSION = 3;
const BYTE_BITS = 8;
const BYTE_VALUES = 256;
const TOR_KEY_BYTES = 32;
const TOR_CHECKSUM_BYTES = 2;
const TOR_CHECKSUM_PREFIX = new TextEncoder().encode(".onion checksum");

/** The address whose IPv6 form starts at `offset` of `bytes`: IPv4 if it is mapped, else IPv6. In memory of its own. */
export function addressFromIpv6(bytes: Uint8Array, offset = 0): NetAddress {
  for (let i = 0; i < IPV4_MAPPED_PREFIX.length; i++) {
    if (bytes[offset + i] !== IPV4_MAPPED_PREFIX[i]) {
      return { networkId: NETWORK_IPV6, bytes: bytes.slice(offset, offset + IPV6_FORM_BYTES) };
    }
  }
  return {
    networkId: NETWORK_IPV4,
    bytes: bytes.slice(offset + IPV4_MAPPED_PREFIX.length, offset + IPV6_FORM_BYTES),
  };
}

/** 16 fresh bytes: IPv4 mapped, IPv6 as it is, and all zeros for what has no IPv6 form (as deployed nodes do). */
export function addressToIpv6(address: NetAddress): Uint8Array {
  const form = new Uint8Array(IPV6_FORM_BYTES);
  if (address.networkId === NETWORK_IPV4) {
    form.set(IPV4_MAPPED_PREFIX);
    form.set(address.bytes, IPV4_MAPPED_PREFIX.length);
  } else if (address.networkId === NETWORK_IPV6) {
    form.set(address.bytes);
  }
  return form;
}

/** Whether the address survives an addr message, which carries the IPv6 form only. */
export function hasIpv6Form(address: NetAddress): boolean {
  return address.networkId === NETWORK_IPV4 || address.networkId === NETWORK_IPV6;
}

/** Whether both name the same host. */
export function sameAddress(left: NetAddress, right: NetAddress): boolean {
  return left.networkId === right.networkId && equalBytes(left.bytes, right.bytes);
}

const FORMATS: ReadonlyMap<number, (bytes: Uint8Array) => string> = new Map([
  [NETWORK_IPV4, (bytes) => bytes.join(".")],
  [NETWORK_IPV6, formatIpv6],
  [NETWORK_TOR_V3, formatTor],
  [NETWORK_I2P, (bytes) => bytesToBase32(bytes) + I2P_SUFFIX],
  [NETWORK_CJDNS, formatIpv6],
]);

/**
 * The usual text: dotted IPv4, IPv6 by RFC 5952, `.onion` with its checksum, `.b32.i2p`. An address of a network that
 * we do not know, or of the wrong size, reads `network:hex`.
 */
export function formatAddress(address: NetAddress): string {
  const format = FORMATS.get(address.networkId);
  const isWhole = ADDRESS_SIZES.get(address.networkId) === address.bytes.length;
  return format && isWhole ? format(address.bytes) : `${address.networkId}:${bytesToHex(address.bytes)}`;
}

/** The address that `formatAddress` spells so, in any spelling of IPv6; undefined if it is none (such as a name). */
export function parseAddress(text: string): NetAddress | undefined {
  if (ipVersion(text) !== 0) return parseIp(text);
  const lower = text.toLowerCase();
  if (lower.endsWith(TOR_SUFFIX)) return parseTor(lower);
  if (lower.endsWith(I2P_SUFFIX)) return parseI2p(lower);
  return undefined;
}

/** How far an address reaches: this machine, the networks around it, everywhere, or not at all. */
export type AddressScope = "none" | "loopback" | "private" | "global";

/**
 * Addresses that nobody can dial over the internet, with the document that sets them apart, and how far they reach
 * where that is anywhere. An IPv4 address mapped into IPv6 is among them: it has a network of its own here. Those of one
 * link only (169.254.0.0/16, fe80::/10) name no host without the interface.
 */
const UNROUTABLE: readonly (readonly [prefix: string, source: string, scope?: AddressScope])[] = [
  ["0.0.0.0/8", "RFC 1122"],
  ["10.0.0.0/8", "RFC 1918", "private"],
  ["100.64.0.0/10", "RFC 6598", "private"],
  ["127.0.0.0/8", "RFC 1122", "loopback"],
  ["169.254.0.0/16", "RFC 3927"],
  ["172.16.0.0/12", "RFC 1918", "private"],
  ["192.0.2.0/24", "RFC 5737"],
  ["192.168.0.0/16", "RFC 1918", "private"],
  ["198.18.0.0/15", "RFC 2544"],
  ["198.51.100.0/24", "RFC 5737"],
  ["203.0.113.0/24", "RFC 5737"],
  ["224.0.0.0/4", "RFC 5771"],
  ["240.0.0.0/4", "RFC 1112"],
  ["::1/128", "RFC 4291", "loopback"],
  ["::/128", "RFC 4291"],
  ["::ffff:0:0/96", "RFC 4291"],
  ["2001:10::/28", "RFC 4843"],
  ["2001:20::/28", "RFC 7343"],
  ["2001:db8::/32", "RFC 3849"],
  ["fd87:d87e:eb43::/48", "what older nodes wrapped Tor v2 in (OnionCat)"],
  ["fc00::/8", "CJDNS, which has a network of its own here"],
  ["fd00::/8", "RFC 4193", "private"],
  ["fe80::/10", "RFC 4291"],
  ["ff00::/8", "RFC 4291"],
];

interface Prefix {
  readonly bytes: Uint8Array;
  readonly bits: number;
  readonly scope: AddressScope;
}

const UNROUTABLE_PREFIXES = UNROUTABLE.map(([prefix, , scope]): Prefix => {
  const [address, bits] = ipaddr.parseCIDR(prefix);
  return { bytes: Uint8Array.from(address.toByteArray()), bits, scope: scope ?? "none" };
});

/** The prefixes that an address with this first byte can have, by its network: none, for most. */
const PREFIXES_BY_FIRST_BYTE: ReadonlyMap<number, readonly (readonly Prefix[])[]> = new Map(
  [NETWORK_IPV4, NETWORK_IPV6].map((networkId) => [networkId, prefixesByFirstByte(ADDRESS_SIZES.get(networkId)!)]),
);

/**
 * How far the address reaches: `global` is one that a node elsewhere on the internet (or on Tor, I2P, CJDNS) could dial.
 * Those of networks that we do not know, and of the wrong size, reach nowhere.
 */
export function addressScope(address: NetAddress): AddressScope {
  if (ADDRESS_SIZES.get(address.networkId) !== address.bytes.length) return "none";
  if (address.networkId === NETWORK_CJDNS) return address.bytes[0] === CJDNS_FIRST_BYTE ? "global" : "none";
  for (const { bytes, bits, scope } of PREFIXES_BY_FIRST_BYTE.get(address.networkId)?.[address.bytes[0]!] ?? []) {
    if (hasPrefix(address.bytes, bytes, bits)) return scope;
  }
  return "global";
}

function prefixesByFirstByte(sizeBytes: number): readonly (readonly Prefix[])[] {
  return Array.from(
    { length: BYTE_VALUES },
    (_, first) =>
      UNROUTABLE_PREFIXES.filter(({ bytes, bits }) =>
        bytes.length === sizeBytes && hasPrefix(Uint8Array.of(first), bytes.subarray(0, 1), Math.min(bits, BYTE_BITS))
      ),
  );
}

function hasPrefix(bytes: Uint8Array, prefix: Uint8Array, bits: number): boolean {
  if (bytes.length !== prefix.length) return false;
  const wholeBytes = Math.floor(bits / BYTE_BITS);
  for (let i = 0; i < wholeBytes; i++) if (bytes[i] !== prefix[i]) return false;
  const shift = BYTE_BITS - (bits % BYTE_BITS);
  return shift === BYTE_BITS || bytes[wholeBytes]! >> shift === prefix[wholeBytes]! >> shift;
}

function formatIpv6(bytes: Uint8Array): string {
  return new ipaddr.IPv6([...bytes]).toRFC5952String();
}

function parseIp(text: string): NetAddress {
  const bytes = Uint8Array.from(ipaddr.parse(text).toByteArray());
  if (bytes.length !== IPV6_FORM_BYTES) return { networkId: NETWORK_IPV4, bytes };
  if (bytes[0] === CJDNS_FIRST_BYTE) return { networkId: NETWORK_CJDNS, bytes };
  return addressFromIpv6(bytes);
}

function formatTor(key: Uint8Array): string {
  return bytesToBase32(concatBytes([key, torChecksum(key), Uint8Array.of(TOR_VERSION)])) + TOR_SUFFIX;
}

function parseTor(text: string): NetAddress | undefined {
  const decoded = base32ToBytes(text.slice(0, -TOR_SUFFIX.length));
  if (decoded?.length !== TOR_KEY_BYTES + TOR_CHECKSUM_BYTES + 1) return undefined;
  const address = { networkId: NETWORK_TOR_V3, bytes: decoded.slice(0, TOR_KEY_BYTES) };
  return formatTor(address.bytes) === text ? address : undefined;
}

/** Two bytes that catch a mistyped name (Tor's rend-spec-v3, section 6). */
function torChecksum(key: Uint8Array): Uint8Array {
  return sha3(concatBytes([TOR_CHECKSUM_PREFIX, key, Uint8Array.of(TOR_VERSION)])).subarray(0, TOR_CHECKSUM_BYTES);
}

function parseI2p(text: string): NetAddress | undefined {
  const bytes = base32ToBytes(text.slice(0, -I2P_SUFFIX.length));
  if (bytes?.length !== ADDRESS_SIZES.get(NETWORK_I2P)) return undefined;
  return { networkId: NETWORK_I2P, bytes: bytes! };
}
