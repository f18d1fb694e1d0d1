import { ByteWriter } from "../util/bytes.ts";

// The blocks of pcapng (draft-ietf-opsawg-pcapng) that are written here, in little-endian.

/** Types of blocks. */
export const SECTION_HEADER_BLOCK = 0x0a0d_0d0a;
export const INTERFACE_BLOCK = 1;
export const OLD_PACKET_BLOCK = 2;
export const SIMPLE_PACKET_BLOCK = 3;
const INTERFACE_STATISTICS_BLOCK = 5;
export const ENHANCED_PACKET_BLOCK = 6;

export const BYTE_ORDER_MAGIC = 0x1a2b_3c4d;

/** Of any block. */
export const OPTION_END = 0;
export const OPTION_COMMENT = 1;
/** Of a section. */
const OPTION_APPLICATION = 4;
/** Of an interface. */
const OPTION_NAME = 2;
export const OPTION_TIME_RESOLUTION = 9;
export const OPTION_TIME_OFFSET = 14;
/** Of an interface's statistics. */
const OPTION_RECEIVED = 4;
const OPTION_DROPPED = 5;
/** Of an enhanced packet: bits 0 and 1 are its direction. */
export const OPTION_FLAGS = 2;
export const FLAG_INBOUND = 1;
export const FLAG_OUTBOUND = 2;

const MAJOR_VERSION = 1;
const MINOR_VERSION = 0;
const UNKNOWN_LENGTH = 0xffff_ffff_ffff_ffffn;
/** Microseconds: 10^-6 s. */
const MICROSECONDS = 6;
const US_PER_MS = 1_000;
const TWO_TO_32 = 0x1_0000_0000;
const ALIGNMENT = 4;
const UINT32_BYTES = 4;
const UINT64_BYTES = 8;
const FRAME_BYTES = 12;

const utf8 = new TextEncoder();

type Option = readonly [code: number, value: Uint8Array];

/** One packet, as one block. */
export interface PacketRecord {
  /** Milliseconds since the Unix epoch. */
  readonly wallClock: number;
  readonly isInbound: boolean;
  /** What precedes the data of each packet of this link type. */
  readonly head: Uint8Array;
  readonly data: Uint8Array;
  /** For people; empty if there is nothing to say. */
  readonly comment: string;
}

/** What a file begins with: a section, and the one interface that its packets come from. */
export function encodeFileHead(application: string, interfaceName: string, linkType: number): Uint8Array {
  const section = new ByteWriter().uint32(BYTE_ORDER_MAGIC).uint16(MAJOR_VERSION).uint16(MINOR_VERSION);
  section.uint64(UNKNOWN_LENGTH);
  writeOptions(section, [[OPTION_APPLICATION, utf8.encode(application)]]);
  const source = new ByteWriter().uint16(linkType).uint16(0).uint32(0);
  writeOptions(source, [
    [OPTION_NAME, utf8.encode(interfaceName)],
    [OPTION_TIME_RESOLUTION, Uint8Array.of(MICROSECONDS)],
  ]);
  const file = new ByteWriter();
  writeBlock(file, SECTION_HEADER_BLOCK, section.finish());
  writeBlock(file, INTERFACE_BLOCK, source.finish());
  return file.finish();
}

/** One allocation a packet: a node that is overheard pays for each (bench/capture.ts). */
export function encodePacket({ wallClock, isInbound, head, data, comment }: PacketRecord): Uint8Array {
  const text = comment === "" ? NO_TEXT : utf8.encode(comment);
  const sizeBytes = head.length + data.length;
  const commentBytes = text.length === 0 ? 0 : OPTION_HEAD_BYTES + text.length + paddingOf(text.length);
  const blockBytes = PACKET_FIXED_BYTES + sizeBytes + paddingOf(sizeBytes) + commentBytes;
  const writer = new ByteWriter(blockBytes).uint32(ENHANCED_PACKET_BLOCK).uint32(blockBytes).uint32(0);
  writeTime(writer, wallClock);
  writer.uint32(sizeBytes).uint32(sizeBytes).raw(head).raw(data);
  pad(writer, sizeBytes);
  writer.uint16(OPTION_FLAGS).uint16(UINT32_BYTES).uint32(isInbound ? FLAG_INBOUND : FLAG_OUTBOUND);
  if (text.length > 0) writeOption(writer, OPTION_COMMENT, text);
  return writer.uint16(OPTION_END).uint16(0).uint32(blockBytes).finish();
}

const NO_TEXT = new Uint8Array(0);
const OPTION_HEAD_BYTES = 4;
/** Type, length, interface, time, two sizes; flags; the end of the options; length. */
const PACKET_FIXED_BYTES = 28 + 8 + 4 + 4;

/** How many packets there were and how many of them are not in the file. */
export function encodeStatistics(wallClock: number, received: number, dropped: number): Uint8Array {
  const body = new ByteWriter().uint32(0);
  writeTime(body, wallClock);
  writeOptions(body, [[OPTION_RECEIVED, uint64(received)], [OPTION_DROPPED, uint64(dropped)]]);
  const block = new ByteWriter();
  writeBlock(block, INTERFACE_STATISTICS_BLOCK, body.finish());
  return block.finish();
}

function writeBlock(writer: ByteWriter, type: number, body: Uint8Array): void {
  const sizeBytes = body.length + FRAME_BYTES;
  writer.uint32(type).uint32(sizeBytes).raw(body).uint32(sizeBytes);
}

function writeTime(writer: ByteWriter, wallClock: number): void {
  const microseconds = Math.round(wallClock * US_PER_MS);
  writer.uint32(Math.floor(microseconds / TWO_TO_32)).uint32(microseconds % TWO_TO_32);
}

function writeOptions(writer: ByteWriter, options: readonly Option[]): void {
  for (const [code, value] of options) writeOption(writer, code, value);
  writer.uint16(OPTION_END).uint16(0);
}

function writeOption(writer: ByteWriter, code: number, value: Uint8Array): void {
  writer.uint16(code).uint16(value.length).raw(value);
  pad(writer, value.length);
}

function pad(writer: ByteWriter, sizeBytes: number): void {
  const missing = paddingOf(sizeBytes);
  if (missing > 0) writer.reserve(missing);
}

/** Bytes that are missing up to a multiple of four. */
export function paddingOf(sizeBytes: number): number {
  return (ALIGNMENT - sizeBytes % ALIGNMENT) % ALIGNMENT;
}

function uint64(value: number): Uint8Array {
  return new ByteWriter(UINT64_BYTES).uint64(BigInt(value)).finish();
}
