import type { Endpoint } from "../platform/types.ts";
import { parseAddress } from "../protocol/addresses.ts";
import { ByteWriter } from "../util/bytes.ts";
import { paddingOf } from "./pcapng.ts";

// LINKTYPE_WIRESHARK_UPPER_PDU: a packet is tags in big-endian, each padded to four bytes, then the data of one protocol.

export const LINKTYPE_UPPER_PDU = 252;

export const TAG_END = 0;
export const TAG_DISSECTOR = 12;
export const TAG_IPV4_SOURCE = 20;
export const TAG_IPV4_TARGET = 21;
export const TAG_IPV6_SOURCE = 22;
export const TAG_IPV6_TARGET = 23;
export const TAG_PORT_TYPE = 24;
export const TAG_SOURCE_PORT = 25;
export const TAG_TARGET_PORT = 26;
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
