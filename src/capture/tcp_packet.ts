import { addressFromIpv6, formatAddress, NETWORK_IPV4 } from "../protocol/addresses.ts";
import type { HostPort } from "../util/endpoint.ts";

/** One TCP segment of a captured packet. */
export interface Segment {
  readonly source: HostPort;
  readonly target: HostPort;
  readonly sequence: number;
  /** SYN. */
  readonly isFirst: boolean;
  /** FIN or RST. */
  readonly isLast: boolean;
  /** Borrowed, as the packet's bytes. */
  readonly data: Uint8Array;
  /** Bytes of data that it had on the wire: more than there are if the capture cut it. */
  readonly wireBytes: number;
}

/** Sizes and places in bytes: of link layers, IPv4 (RFC 791), IPv6 (RFC 8200), TCP (RFC 9293). */
const FAMILY_BYTES = 4;
const ETHERNET_TYPE_AT = 12;
const SLL_TYPE_AT = 14;
const SLL_BYTES = 16;
const SLL2_BYTES = 20;
const VLAN_TAG_BYTES = 4;
const VLAN_TYPES: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const ETHERTYPE_BYTES = 2;

/** Where the network's packet begins, by the number of the link type; undefined: it holds none that is read here. */
const LINKS = new Map<number, (packet: DataView) => number | undefined>([
  [0, () => FAMILY_BYTES],
  [1, (packet) => behindType(packet, ETHERNET_TYPE_AT)],
  [12, () => 0],
  [14, () => 0],
  [101, () => 0],
  [108, () => FAMILY_BYTES],
  [113, (packet) => isIp(packet, SLL_TYPE_AT) ? SLL_BYTES : undefined],
  [228, () => 0],
  [229, () => 0],
  [276, (packet) => isIp(packet, 0) ? SLL2_BYTES : undefined],
]);

/** Names of the link types that are read, for people. */
export const LINK_NAMES = "Ethernet, Linux cooked, loopback and raw IP";

export function isReadableLink(linkType: number): boolean {
  return LINKS.has(linkType);
}

/** The segment in a packet; undefined if it is no TCP over IP, a fragment, or too short to tell. */
export function readSegment(linkType: number, bytes: Uint8Array): Segment | undefined {
  const packet = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const at = LINKS.get(linkType)?.(packet);
  if (at === undefined || at >= bytes.length) return undefined;
  const version = packet.getUint8(at) >> IP_VERSION_SHIFT;
  const inner = version === 4 ? readIpv4(packet, at) : version === 6 ? readIpv6(packet, at) : undefined;
  return inner && readTcp(packet, inner);
}

/** What an IP packet carries. */
interface Carried {
  readonly at: number;
  /** One past the last byte by the packet's own account; it may lie beyond what was captured. */
  readonly end: number;
  readonly source: string;
  readonly target: string;
}

const IP_VERSION_SHIFT = 4;
const WORD_BYTES = 4;
const LOW_NIBBLE = 0x0f;
const PROTOCOL_TCP = 6;

const IPV4_BYTES = 20;
const IPV4_LENGTH_AT = 2;
const IPV4_FRAGMENT_AT = 6;
/** More fragments, or not the first one. */
const IPV4_FRAGMENT_MASK = 0x3fff;
const IPV4_PROTOCOL_AT = 9;
const IPV4_SOURCE_AT = 12;
const IPV4_TARGET_AT = 16;
const IPV4_ADDRESS_BYTES = 4;

function readIpv4(packet: DataView, at: number): Carried | undefined {
  if (packet.byteLength < at + IPV4_BYTES) return undefined;
  if (packet.getUint8(at + IPV4_PROTOCOL_AT) !== PROTOCOL_TCP) return undefined;
  if ((packet.getUint16(at + IPV4_FRAGMENT_AT) & IPV4_FRAGMENT_MASK) !== 0) return undefined;
  const headerBytes = WORD_BYTES * (packet.getUint8(at) & LOW_NIBBLE);
  // Zero where the network card was to cut what the system handed it in one piece.
  const totalBytes = packet.getUint16(at + IPV4_LENGTH_AT) || packet.byteLength - at;
  return {
    at: at + headerBytes,
    end: at + totalBytes,
    source: ipv4At(packet, at + IPV4_SOURCE_AT),
    target: ipv4At(packet, at + IPV4_TARGET_AT),
  };
}

const IPV6_BYTES = 40;
const IPV6_LENGTH_AT = 4;
const IPV6_NEXT_AT = 6;
const IPV6_SOURCE_AT = 8;
const IPV6_TARGET_AT = 24;
const IPV6_ADDRESS_BYTES = 16;
/** Hop-by-hop options, routing, destination options: headers that say their length in units of eight bytes. */
const IPV6_EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 60]);
const EXTENSION_UNIT_BYTES = 8;
/** Real packets have one or two. */
const MAX_EXTENSIONS = 8;

function readIpv6(packet: DataView, start: number): Carried | undefined {
  if (packet.byteLength < start + IPV6_BYTES) return undefined;
  let next = packet.getUint8(start + IPV6_NEXT_AT);
  let at = start + IPV6_BYTES;
  for (let i = 0; i < MAX_EXTENSIONS && IPV6_EXTENSIONS.has(next); i++) {
    if (packet.byteLength < at + EXTENSION_UNIT_BYTES) return undefined;
    next = packet.getUint8(at);
    at += EXTENSION_UNIT_BYTES * (1 + packet.getUint8(at + 1));
  }
  if (next !== PROTOCOL_TCP) return undefined;
  const payloadBytes = packet.getUint16(start + IPV6_LENGTH_AT);
  return {
    at,
    end: payloadBytes === 0 ? packet.byteLength : start + IPV6_BYTES + payloadBytes,
    source: ipv6At(packet, start + IPV6_SOURCE_AT),
    target: ipv6At(packet, start + IPV6_TARGET_AT),
  };
}

const TCP_BYTES = 20;
const TCP_TARGET_AT = 2;
const TCP_SEQUENCE_AT = 4;
const TCP_OFFSET_AT = 12;
const TCP_FLAGS_AT = 13;
const FIN = 1;
const SYN = 2;
const RST = 4;

function readTcp(packet: DataView, { at, end, source, target }: Carried): Segment | undefined {
  if (packet.byteLength < at + TCP_BYTES) return undefined;
  const headerBytes = WORD_BYTES * (packet.getUint8(at + TCP_OFFSET_AT) >> IP_VERSION_SHIFT);
  const dataAt = at + headerBytes;
  if (headerBytes < TCP_BYTES || dataAt > end) return undefined;
  const flags = packet.getUint8(at + TCP_FLAGS_AT);
  const there = Math.max(0, Math.min(end, packet.byteLength) - dataAt);
  return {
    source: { host: source, port: packet.getUint16(at) },
    target: { host: target, port: packet.getUint16(at + TCP_TARGET_AT) },
    sequence: packet.getUint32(at + TCP_SEQUENCE_AT),
    isFirst: (flags & SYN) !== 0,
    isLast: (flags & (FIN | RST)) !== 0,
    data: there === 0 ? NO_DATA : new Uint8Array(packet.buffer, packet.byteOffset + dataAt, there),
    wireBytes: end - dataAt,
  };
}

const NO_DATA = new Uint8Array(0);

/** Behind an Ethernet type that says IP, at or after `typeAt`: tags of virtual networks may stand before it. */
function behindType(packet: DataView, typeAt: number): number | undefined {
  let at = typeAt;
  while (at + ETHERTYPE_BYTES <= packet.byteLength && VLAN_TYPES.has(packet.getUint16(at))) at += VLAN_TAG_BYTES;
  return isIp(packet, at) ? at + ETHERTYPE_BYTES : undefined;
}

function isIp(packet: DataView, typeAt: number): boolean {
  if (typeAt + ETHERTYPE_BYTES > packet.byteLength) return false;
  const type = packet.getUint16(typeAt);
  return type === ETHERTYPE_IPV4 || type === ETHERTYPE_IPV6;
}

function ipv4At(packet: DataView, at: number): string {
  const bytes = new Uint8Array(packet.buffer, packet.byteOffset + at, IPV4_ADDRESS_BYTES);
  return formatAddress({ networkId: NETWORK_IPV4, bytes });
}

function ipv6At(packet: DataView, at: number): string {
  return formatAddress(addressFromIpv6(new Uint8Array(packet.buffer, packet.byteOffset + at, IPV6_ADDRESS_BYTES)));
}
