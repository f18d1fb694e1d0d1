import type { Endpoint } from "../platform/types.ts";
import { addressFromIpv6, formatAddress, NETWORK_IPV4, parseAddress } from "../protocol/addresses.ts";
import { ByteReader, ByteWriter, MalformedBytes } from "../util/bytes.ts";
import type { HostPort } from "../util/endpoint.ts";
import { paddingOf } from "./pcapng.ts";

// LINKTYPE_WIRESHARK_UPPER_PDU: a packet is tags in big-endian, each padded to four bytes, then the data of one protocol.

export const LINKTYPE_UPPER_PDU = 252;

const TAG_END = 0;
const TAG_DISSECTOR = 12;
const TAG_IPV4_SOURCE = 20;
const TAG_IPV4_TARGET = 21;
const TAG_IPV6_SOURCE = 22;
const TAG_IPV6_TARGET = 23;
const TAG_PORT_TYPE = 24;
const TAG_SOURCE_PORT = 25;
const TAG_TARGET_PORT = 26;
const TAG_PROTOCOL_TEXT = 33;

const PORT_TYPE_TCP = 2;
const UINT32_BYTES = 4;
const IPV4_BYTES = 4;
const IPV6_BYTES = 16;

const ascii = new TextEncoder();

/** Who sent a packet to whom, and what takes it apart. */
export interface UpperPduHead {
  readonly dissector: string;
  readonly source: Endpoint;
  readonly target: Endpoint;
  /** What Wireshark shows as the protocol, where that of the dissector says little. */
  readonly protocol?: string;
}

/** What precedes the data. */
export function encodeUpperPduHead({ dissector, source, target, protocol }: UpperPduHead): Uint8Array {
  const writer = new ByteWriter();
  writeTag(writer, TAG_DISSECTOR, ascii.encode(dissector));
  writeAddress(writer, source, TAG_IPV4_SOURCE, TAG_IPV6_SOURCE);
  writeAddress(writer, target, TAG_IPV4_TARGET, TAG_IPV6_TARGET);
  if ("port" in source && "port" in target) {
    writeTag(writer, TAG_PORT_TYPE, bigEndian(PORT_TYPE_TCP));
    writeTag(writer, TAG_SOURCE_PORT, bigEndian(source.port));
    writeTag(writer, TAG_TARGET_PORT, bigEndian(target.port));
  }
  if (protocol !== undefined) writeTag(writer, TAG_PROTOCOL_TEXT, ascii.encode(protocol));
  writeTag(writer, TAG_END, new Uint8Array(0));
  return writer.finish();
}

function writeAddress(writer: ByteWriter, endpoint: Endpoint, ipv4: number, ipv6: number): void {
  const bytes = "host" in endpoint ? parseAddress(endpoint.host)?.bytes : undefined;
  if (bytes?.length === IPV4_BYTES) writeTag(writer, ipv4, bytes);
  if (bytes?.length === IPV6_BYTES) writeTag(writer, ipv6, bytes);
}

function writeTag(writer: ByteWriter, tag: number, value: Uint8Array): void {
  const padding = paddingOf(value.length);
  writer.uint16BigEndian(tag).uint16BigEndian(value.length + padding).raw(value);
  writer.reserve(padding);
}

function bigEndian(value: number): Uint8Array {
  return new ByteWriter(UINT32_BYTES).uint32(value).finish().reverse();
}

/** What precedes the data of a packet of this link type. */
export interface UpperPdu {
  readonly dissector: string;
  readonly source: HostPort | undefined;
  readonly target: HostPort | undefined;
}

const TAG_HEAD_BYTES = 4;

/** Where the data of a packet begins: behind its tags. Throws MalformedBytes where they do not end. */
export function upperPduDataAt(packet: Uint8Array): number {
  const reader = new ByteReader(packet);
  for (;;) {
    if (reader.remaining < TAG_HEAD_BYTES) throw new MalformedBytes("tags without an end");
    const tag = reader.uint16BigEndian();
    reader.skip(reader.uint16BigEndian());
    if (tag === TAG_END) return reader.offset;
  }
}

/** Takes the tags of a packet apart, which end with it. */
export function decodeUpperPdu(head: Uint8Array): UpperPdu {
  const reader = new ByteReader(head);
  const tags = new Map<number, Uint8Array>();
  while (reader.remaining > 0) tags.set(reader.uint16BigEndian(), reader.view(reader.uint16BigEndian()));
  const dissector = tags.get(TAG_DISSECTOR);
  return {
    dissector: dissector ? asciiText.decode(dissector).replace(/\0+$/, "") : "",
    source: readEnd(tags, TAG_IPV4_SOURCE, TAG_IPV6_SOURCE, TAG_SOURCE_PORT),
    target: readEnd(tags, TAG_IPV4_TARGET, TAG_IPV6_TARGET, TAG_TARGET_PORT),
  };
}

const asciiText = new TextDecoder();

function readEnd(
  tags: ReadonlyMap<number, Uint8Array>,
  ipv4: number,
  ipv6: number,
  portTag: number,
): HostPort | undefined {
  const bytes = tags.get(ipv4) ?? tags.get(ipv6);
  const port = tags.get(portTag);
  if (!bytes || (bytes.length !== IPV4_BYTES && bytes.length !== IPV6_BYTES)) return undefined;
  const address = bytes.length === IPV4_BYTES ? { networkId: NETWORK_IPV4, bytes } : addressFromIpv6(bytes);
  const number = port?.length === UINT32_BYTES ? new ByteReader(port.slice().reverse()).uint32() : 0;
  return { host: formatAddress(address), port: number };
}
