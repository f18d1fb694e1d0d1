import { MAX_CAPTURE_BLOCK_BYTES, MAX_CAPTURE_INTERFACES } from "../protocol/capture_params.ts";
import type { ByteSource } from "./byte_source.ts";
import { badFile, type Packet } from "./packets.ts";
import {
  BYTE_ORDER_MAGIC,
  ENHANCED_PACKET_BLOCK,
  FLAG_INBOUND,
  FLAG_OUTBOUND,
  INTERFACE_BLOCK,
  OLD_PACKET_BLOCK,
  OPTION_COMMENT,
  OPTION_END,
  OPTION_FLAGS,
  OPTION_TIME_OFFSET,
  OPTION_TIME_RESOLUTION,
  paddingOf,
  SECTION_HEADER_BLOCK,
  SIMPLE_PACKET_BLOCK,
} from "./pcapng.ts";
import { MS_PER_SECOND } from "../util/units.ts";

/** Where its packets were caught, and how their times are counted. */
interface Interface {
  readonly linkType: number;
  /** Longest part of a packet that is kept; 0: all of it. */
  readonly snapBytes: number;
  readonly unitsPerMs: number;
  readonly offsetMs: number;
}

/** What a packet block says before its options. */
interface PacketFields {
  readonly interfaceNumber: number;
  readonly time: number | undefined;
  readonly capturedBytes: number;
  readonly wireBytes: number;
  readonly dataAt: number;
}

const TYPE_BYTES = 4;
const LENGTH_BYTES = 4;
/** Type and length before the body, length after it. */
const BLOCK_FRAME_BYTES = 12;
const SECTION_BODY_BYTES = 16;
const INTERFACE_BODY_BYTES = 8;
const PACKET_BODY_BYTES = 20;
const SIMPLE_BODY_BYTES = 4;
const OPTION_HEAD_BYTES = 4;
const UINT64_BYTES = 8;
const ALIGNMENT = 4;
const MAJOR_VERSION = 1;
const TWO_TO_32 = 0x1_0000_0000;
/** The high bit of a resolution says that it is a power of two; microseconds where none is given. */
const BASE_TWO = 0x80;
const EXPONENT_MASK = 0x7f;
const MICROSECONDS = 6;
/** Bits 0 and 1. */
const DIRECTION_MASK = 3;

const utf8 = new TextDecoder();

/**
 * Yields the packets of a pcapng file in their order, whatever the byte order of its sections; blocks of other types are
 * passed over. Holds one block at a time. Throws LocalError bad-file where the file is damaged or ends within a block.
 */
export function* readPcapng(source: ByteSource): Generator<Packet> {
  const reader = new PcapngReader(source);
  for (;;) {
    const packet = reader.next();
    if (packet === "end") return;
    if (packet) yield packet;
  }
}

class PcapngReader {
  readonly #source: ByteSource;
  #isLittleEndian = true;
  #interfaces: Interface[] = [];
  #packets = 0;
  #blockAt = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** The next block: a packet, something else, or the end of the file. */
  next(): Packet | undefined | "end" {
    const source = this.#source;
    this.#blockAt = source.offset;
    const there = source.prepare(BLOCK_FRAME_BYTES);
    if (there === 0) return "end";
    if (there < BLOCK_FRAME_BYTES) throw this.#bad(`the file ends after ${there} bytes of a block's head`);
    const head = this.#view(BLOCK_FRAME_BYTES);
    const type = head.getUint32(0, this.#isLittleEndian);
    if (type === SECTION_HEADER_BLOCK) this.#findByteOrder(head);
    const sizeBytes = head.getUint32(TYPE_BYTES, this.#isLittleEndian);
    if (sizeBytes < BLOCK_FRAME_BYTES || sizeBytes % ALIGNMENT !== 0) {
      throw this.#bad(`a block of ${sizeBytes} bytes: a multiple of ${ALIGNMENT} from ${BLOCK_FRAME_BYTES} on wanted`);
    }
    const read = READERS.get(type);
    if (!read) return void this.#pass(sizeBytes);
    if (sizeBytes > MAX_CAPTURE_BLOCK_BYTES) {
      throw this.#bad(`a block of ${sizeBytes} bytes, at most ${MAX_CAPTURE_BLOCK_BYTES} are read`);
    }
    const found = source.prepare(sizeBytes);
    if (found < sizeBytes) throw this.#bad(`the file ends after ${found} of the ${sizeBytes} bytes of a block`);
    const block = this.#view(sizeBytes);
    this.#checkTrailer(block, sizeBytes);
    const packet = this[read](block, sizeBytes - LENGTH_BYTES);
    source.skip(sizeBytes);
    return packet;
  }

  readSection(block: DataView, end: number): undefined {
    if (end < TYPE_BYTES + LENGTH_BYTES + SECTION_BODY_BYTES) throw this.#bad("a section header that is too short");
    const major = block.getUint16(BLOCK_FRAME_BYTES, this.#isLittleEndian);
    if (major !== MAJOR_VERSION) throw this.#bad(`version ${major} of pcapng: ${MAJOR_VERSION} is read`);
    this.#interfaces = [];
  }

  readInterface(block: DataView, end: number): undefined {
    const at = TYPE_BYTES + LENGTH_BYTES;
    if (end < at + INTERFACE_BODY_BYTES) throw this.#bad("an interface that is too short");
    if (this.#interfaces.length >= MAX_CAPTURE_INTERFACES) {
      throw this.#bad(`more than ${MAX_CAPTURE_INTERFACES} interfaces in a section`);
    }
    const options = this.#options(block, at + INTERFACE_BODY_BYTES, end);
    const resolution = options.get(OPTION_TIME_RESOLUTION)?.[0] ?? MICROSECONDS;
    const offset = options.get(OPTION_TIME_OFFSET);
    this.#interfaces.push({
      linkType: block.getUint16(at, this.#isLittleEndian),
      snapBytes: block.getUint32(at + LENGTH_BYTES, this.#isLittleEndian),
      unitsPerMs: unitsPerSecond(resolution) / MS_PER_SECOND,
      offsetMs: offset?.length === UINT64_BYTES ? MS_PER_SECOND * Number(this.#int64(offset)) : 0,
    });
  }

  readEnhanced(block: DataView, end: number): Packet {
    const at = TYPE_BYTES + LENGTH_BYTES;
    if (end < at + PACKET_BODY_BYTES) throw this.#bad("a packet that is too short");
    const number = block.getUint32(at, this.#isLittleEndian);
    return this.#packet(block, end, this.#timedFields(block, at, number));
  }

  /** The packet block of old files: a 16-bit interface and a count of drops where the interface is now. */
  readOld(block: DataView, end: number): Packet {
    const at = TYPE_BYTES + LENGTH_BYTES;
    if (end < at + PACKET_BODY_BYTES) throw this.#bad("a packet that is too short");
    const number = block.getUint16(at, this.#isLittleEndian);
    return this.#packet(block, end, this.#timedFields(block, at, number));
  }

  readSimple(block: DataView, end: number): Packet {
    const at = TYPE_BYTES + LENGTH_BYTES;
    const dataAt = at + SIMPLE_BODY_BYTES;
    if (end < dataAt) throw this.#bad("a packet that is too short");
    const wireBytes = block.getUint32(at, this.#isLittleEndian);
    const snapBytes = this.#interfaces[0]?.snapBytes || wireBytes;
    const capturedBytes = Math.min(wireBytes, snapBytes, end - dataAt);
    return this.#packet(block, end, { interfaceNumber: 0, time: undefined, capturedBytes, wireBytes, dataAt });
  }

  #timedFields(block: DataView, at: number, interfaceNumber: number): PacketFields {
    const uint32 = (index: number) => block.getUint32(at + LENGTH_BYTES * index, this.#isLittleEndian);
    const [high, low, capturedBytes, wireBytes] = [uint32(1), uint32(2), uint32(2 + 1), uint32(2 + 2)];
    const dataAt = at + PACKET_BODY_BYTES;
    return { interfaceNumber, time: high * TWO_TO_32 + low, capturedBytes, wireBytes, dataAt };
  }

  #packet(block: DataView, end: number, fields: PacketFields): Packet {
    const { interfaceNumber, time, capturedBytes, wireBytes, dataAt } = fields;
    const source = this.#interfaces[interfaceNumber];
    if (!source) throw this.#bad(`a packet of interface ${interfaceNumber}, which the file does not describe`);
    if (capturedBytes > end - dataAt) {
      throw this.#bad(`a packet of ${capturedBytes} bytes in a block with room for ${end - dataAt}`);
    }
    const optionsAt = dataAt + capturedBytes + paddingOf(capturedBytes);
    const options = this.#options(block, optionsAt, end);
    const comment = options.get(OPTION_COMMENT);
    return {
      number: ++this.#packets,
      time: time === undefined ? undefined : time / source.unitsPerMs + source.offsetMs,
      linkType: source.linkType,
      data: new Uint8Array(block.buffer, block.byteOffset + dataAt, capturedBytes),
      wireBytes,
      direction: this.#direction(options.get(OPTION_FLAGS)),
      comment: comment && utf8.decode(comment),
    };
  }

  #direction(flags: Uint8Array | undefined): "in" | "out" | undefined {
    if (flags?.length !== LENGTH_BYTES) return undefined;
    const bits = viewOf(flags).getUint32(0, this.#isLittleEndian) & DIRECTION_MASK;
    return bits === FLAG_INBOUND ? "in" : bits === FLAG_OUTBOUND ? "out" : undefined;
  }

  /** The first value of each option. */
  #options(block: DataView, start: number, end: number): ReadonlyMap<number, Uint8Array> {
    const options = new Map<number, Uint8Array>();
    let at = start;
    while (at + OPTION_HEAD_BYTES <= end) {
      const code = block.getUint16(at, this.#isLittleEndian);
      const sizeBytes = block.getUint16(at + 2, this.#isLittleEndian);
      if (code === OPTION_END) break;
      if (at + OPTION_HEAD_BYTES + sizeBytes > end) throw this.#bad("an option that is longer than its block");
      const value = new Uint8Array(block.buffer, block.byteOffset + at + OPTION_HEAD_BYTES, sizeBytes);
      if (!options.has(code)) options.set(code, value);
      at += OPTION_HEAD_BYTES + sizeBytes + paddingOf(sizeBytes);
    }
    return options;
  }

  /** A section's own length, too, is in the byte order that only its body tells. */
  #findByteOrder(head: DataView): void {
    const magicAt = TYPE_BYTES + LENGTH_BYTES;
    if (head.getUint32(magicAt, true) === BYTE_ORDER_MAGIC) this.#isLittleEndian = true;
    else if (head.getUint32(magicAt) === BYTE_ORDER_MAGIC) this.#isLittleEndian = false;
    else throw this.#bad("a section of no known byte order");
  }

  /** Blocks of other types may be as long as they like: nothing of them is kept. */
  #pass(sizeBytes: number): void {
    const source = this.#source;
    source.skip(sizeBytes - LENGTH_BYTES);
    if (source.prepare(LENGTH_BYTES) < LENGTH_BYTES) {
      throw this.#bad(`the file ends within a block of ${sizeBytes} bytes`);
    }
    this.#checkTrailer(this.#view(LENGTH_BYTES), sizeBytes, 0);
    source.skip(LENGTH_BYTES);
  }

  #checkTrailer(block: DataView, sizeBytes: number, at = sizeBytes - LENGTH_BYTES): void {
    const trailer = block.getUint32(at, this.#isLittleEndian);
    if (trailer !== sizeBytes) throw this.#bad(`a block of ${sizeBytes} bytes that ends as if it had ${trailer}`);
  }

  #int64(bytes: Uint8Array): bigint {
    return viewOf(bytes).getBigInt64(0, this.#isLittleEndian);
  }

  #view(sizeBytes: number): DataView {
    return viewOf(this.#source.view(sizeBytes));
  }

  #bad(why: string) {
    return badFile(this.#source, this.#blockAt, why);
  }
}

const READERS: ReadonlyMap<number, "readSection" | "readInterface" | "readEnhanced" | "readOld" | "readSimple"> =
  new Map(
    [
      [SECTION_HEADER_BLOCK, "readSection"],
      [INTERFACE_BLOCK, "readInterface"],
      [ENHANCED_PACKET_BLOCK, "readEnhanced"],
      [OLD_PACKET_BLOCK, "readOld"],
      [SIMPLE_PACKET_BLOCK, "readSimple"],
    ],
  );

function unitsPerSecond(resolution: number): number {
  const exponent = resolution & EXPONENT_MASK;
  return resolution & BASE_TWO ? 2 ** exponent : 10 ** exponent;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
