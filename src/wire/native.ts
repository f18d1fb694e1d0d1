import { LocalError, RemoteFault } from "../protocol/errors.ts";
import type { Message, MessageOf, MessageType } from "../protocol/messages.ts";
import { MAX_UNKNOWN_BODY_BYTES } from "../protocol/native_limits.ts";
import { ByteWriter } from "../util/bytes.ts";
import { bytesToHex } from "../util/hex.ts";
import type { SortingCodec } from "./codec.ts";
import { type Frame, FrameDecoder } from "./frame_decoder.ts";
import type { BodyLayout, NativePayload } from "./native_payload.ts";
import { NATIVE_PAYLOADS } from "./native_payloads.ts";
import { type ClosedFraming, Sorter } from "./sorter.ts";

/** 4 bytes of magic, 1 of type, 3 of length: an empty message takes 8 bytes, a ping 16. */
export const NATIVE_HEADER_BYTES = 8;
const MAGIC_BYTES = 4;
const TYPE_AT = 4;
const LENGTH_AT = 5;
const BYTE_BITS = 8;
const BYTE_MASK = 0xff;
const TYPE_NUMBERS = 256;

type AnyPayload = NativePayload<Message>;

const NAMES: ReadonlyMap<number, MessageType> = new Map(
  Object.entries(NATIVE_PAYLOADS).map(([type, { number }]) => [number, type as MessageType]),
);

/** The row of each type number, for the way in. */
const BY_NUMBER: readonly AnyPayload[] = rowsByNumber();

/** What bodies of a type number, from 0 to 255, are made of. */
export function nativeLayout(number: number): BodyLayout {
  return BY_NUMBER[number]!.layout;
}

/** What a type number is called. */
export function nativeTypeName(number: number): string {
  return NAMES.get(number) ?? commandOf(number);
}

/** Rows of the numbers that no type has, by the name that an `unknown` message gives them. */
const UNKNOWN_BY_COMMAND: ReadonlyMap<string, AnyPayload> = unknownRows();

/** The native wire of the network with this magic; protocol/SPEC.md describes it. */
export function nativeCodec(magic: number): SortingCodec {
  return {
    name: "native",
    encode: (message) => encodeFrame(magic, message),
    encodeInto: (message, target, offset) => encodeFrameInto(magic, message, target, offset),
    createDecoder: (options) => new FrameDecoder(new NativeFraming(magic), options),
    createSorter: (opens, options) => new FrameDecoder(new Sorter(new NativeFraming(magic), opens), options),
    // No checksum: TCP has one, and whoever wants more than that encrypts.
    seal: () => {},
  };
}

function encodeFrame(magic: number, message: Message): Uint8Array {
  const row = rowOf(message);
  const rest = row.encode(message);
  const bodyBytes = measureBody(row, message, rest);
  const frame = new Uint8Array(NATIVE_HEADER_BYTES + bodyBytes);
  writeHeader(magic, row.number, bodyBytes, frame, 0);
  writeBody(row, message, rest, frame, NATIVE_HEADER_BYTES);
  return frame;
}

function encodeFrameInto(magic: number, message: Message, target: Uint8Array, offset: number): number {
  const row = rowOf(message);
  const rest = row.encode(message);
  const bodyBytes = measureBody(row, message, rest);
  const sizeBytes = NATIVE_HEADER_BYTES + bodyBytes;
  if (sizeBytes > target.length - offset) return -1;
  writeHeader(magic, row.number, bodyBytes, target, offset);
  writeBody(row, message, rest, target, offset + NATIVE_HEADER_BYTES);
  return sizeBytes;
}

function measureBody(row: AnyPayload, message: Message, rest: Uint8Array): number {
  const sizeBytes = (row.head ? row.head.sizeOf(message) : 0) + rest.length;
  if (sizeBytes <= row.maxBytes) return sizeBytes;
  const why = `larger than ${row.maxBytes} bytes: received ${sizeBytes} bytes`;
  throw new LocalError("bad-argument", `Cannot encode ${message.type}: ${why}`);
}

function writeHeader(magic: number, number: number, bodyBytes: number, target: Uint8Array, at: number): void {
  for (let i = 0; i < MAGIC_BYTES; i++) target[at + i] = magicByte(magic, i);
  target[at + TYPE_AT] = number;
  for (let i = LENGTH_AT; i < NATIVE_HEADER_BYTES; i++) {
    target[at + i] = bodyBytes >>> (BYTE_BITS * (i - LENGTH_AT));
  }
}

function writeBody(row: AnyPayload, message: Message, rest: Uint8Array, target: Uint8Array, at: number): void {
  if (!row.head) return target.set(rest, at);
  const writer = ByteWriter.into(target, at);
  row.head.write(writer, message);
  target.set(rest, writer.length);
}

function rowOf(message: Message): AnyPayload {
  // Each row takes the messages of its own type, which the compiler cannot follow through a lookup by that type.
  if (message.type !== "unknown") return NATIVE_PAYLOADS[message.type] as AnyPayload;
  const row = UNKNOWN_BY_COMMAND.get(message.command);
  if (row) return row;
  const why = "not the number of an unassigned type, such as 0xc8";
  throw new LocalError("bad-argument", `Cannot encode unknown: ${why}: received ${JSON.stringify(message.command)}`);
}

/** A class, since each connection has one: an object with a getter of its own takes ten times the memory. */
class NativeFraming implements ClosedFraming {
  readonly #magic: number;
  #number = 0;

  constructor(magic: number) {
    this.#magic = magic;
  }

  get type(): MessageType {
    return NAMES.get(this.#number) ?? "unknown";
  }

  check(): void {}

  measure(bytes: Uint8Array, start: number, end: number): number {
    const available = end - start;
    for (let i = 0; i < MAGIC_BYTES && i < available; i++) {
      if (bytes[start + i] !== magicByte(this.#magic, i)) throw new RemoteFault("bad-magic", `byte ${i} of a frame`);
    }
    if (available < NATIVE_HEADER_BYTES) return NATIVE_HEADER_BYTES;
    let length = 0;
    for (let i = NATIVE_HEADER_BYTES - 1; i >= LENGTH_AT; i--) length = (length << BYTE_BITS) | bytes[start + i]!;
    this.#number = bytes[start + TYPE_AT]!;
    const row = BY_NUMBER[this.#number]!;
    // Checked before anything is kept: the length field is the cheapest lie a stranger can tell.
    if (length > row.maxBytes) {
      throw new RemoteFault("oversized", `type ${row.number}: ${length} bytes, at most ${row.maxBytes}`);
    }
    return NATIVE_HEADER_BYTES + length;
  }

  parse(frame: Frame): Message {
    return BY_NUMBER[frame.bytes[frame.start + TYPE_AT]!]!.decode(frame, frame.start + NATIVE_HEADER_BYTES);
  }
}

/** Byte `index` of the magic, whose first byte on the wire is the most significant. */
function magicByte(magic: number, index: number): number {
  return (magic >>> (BYTE_BITS * (MAGIC_BYTES - 1 - index))) & BYTE_MASK;
}

function rowsByNumber(): AnyPayload[] {
  const rows = Array.from({ length: TYPE_NUMBERS }, (_, number) => unknownPayload(number) as AnyPayload);
  for (const row of Object.values(NATIVE_PAYLOADS)) rows[row.number] = row as AnyPayload;
  return rows;
}

function unknownRows(): Map<string, AnyPayload> {
  const assigned = new Set(Object.values(NATIVE_PAYLOADS).map((row) => row.number));
  const free = BY_NUMBER.filter((row) => !assigned.has(row.number));
  return new Map(free.map((row) => [commandOf(row.number), row]));
}

/** A message of a type that a newer node may know: carried as it is, so that it can be counted and looked at. */
function unknownPayload(number: number): NativePayload<MessageOf<"unknown">> {
  const command = commandOf(number);
  return {
    number,
    maxBytes: MAX_UNKNOWN_BODY_BYTES,
    layout: { kind: "read", read: (source) => ({ type: "unknown", command, payload: source.rest() }) },
    encode: (message) => message.payload,
    decode: (frame, start) => ({ type: "unknown", command, payload: frame.keep(start, frame.end) }),
  };
}

function commandOf(number: number): string {
  return `0x${bytesToHex(Uint8Array.of(number))}`;
}
