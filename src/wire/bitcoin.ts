import { LocalError, RemoteFault } from "../protocol/errors.ts";
import type { Message, MessageType } from "../protocol/messages.ts";
import { MAX_COMMAND_BYTES } from "../protocol/wire_limits.ts";
import { ByteReader, ByteWriter, MalformedBytes, uint32At } from "../util/bytes.ts";
import type { Hasher } from "../util/hash.ts";
import type { PayloadCodec, PayloadSource } from "./bitcoin_payload.ts";
import { BITCOIN_PAYLOADS } from "./bitcoin_payloads.ts";
import type { SortingCodec } from "./codec.ts";
import { type Frame, FrameDecoder } from "./frame_decoder.ts";
import { type ClosedFraming, Sorter } from "./sorter.ts";

/** Header of a frame: magic, command, length of the payload, first bytes of the payload's double SHA-256. */
const MAGIC_BYTES = 4;
const LENGTH_BYTES = 4;
const CHECKSUM_BYTES = 4;
const LENGTH_AT = MAGIC_BYTES + MAX_COMMAND_BYTES;
const CHECKSUM_AT = LENGTH_AT + LENGTH_BYTES;
/** Size of a frame's header in bytes. */
export const BITCOIN_HEADER_BYTES = CHECKSUM_AT + CHECKSUM_BYTES;

/** Printable ASCII. */
const FIRST_PRINTABLE = 0x20;
const LAST_PRINTABLE = 0x7e;
const NO_COMMAND = new Uint8Array(MAX_COMMAND_BYTES);

/** What a codec of the Bitcoin wire leaves to others. */
export interface BitcoinCodecOptions {
  /**
   * Whether checksums are computed and verified; true by default. Not where another thread of ours has verified what
   * comes in and seals what goes out.
   */
  readonly checksums?: boolean;
}

/**
 * The Bitcoin wire, version 1, on the network of the given magic (its four bytes in wire order as a big-endian number).
 * Commands that we do not know are carried as `unknown`.
 */
export function bitcoinCodec(magic: number, hasher: Hasher, options: BitcoinCodecOptions = {}): SortingCodec {
  const { checksums = true } = options;
  const magicBytes = new ByteWriter(MAGIC_BYTES).uint32(magic).finish().reverse();
  // An application sends one command over and over.
  let lastUnknown = { command: "", start: startOf("") };
  const rows = new Map(PAYLOAD_TYPES.map((type) => [type, { payload: PAYLOADS[type], start: startOf(type) }]));

  function startOf(command: string): Uint8Array {
    const start = new Uint8Array(LENGTH_AT);
    start.set(magicBytes);
    start.set(commandBytes(command), MAGIC_BYTES);
    return start;
  }

  function startOfUnknown(command: string): Uint8Array {
    if (command !== lastUnknown.command) lastUnknown = { command, start: startOf(command) };
    return lastUnknown.start;
  }

  function encode(message: Message): Uint8Array {
    const sizeBytes = frameSize(message);
    const frame = new Uint8Array(sizeBytes);
    write(message, frame, 0, sizeBytes);
    return frame;
  }

  function encodeInto(message: Message, target: Uint8Array, offset: number): number {
    const sizeBytes = frameSize(message);
    if (sizeBytes > target.length - offset) return -1;
    write(message, target, offset, sizeBytes);
    return sizeBytes;
  }

  function frameSize(message: Message): number {
    const { payload } = rows.get(message.type)!;
    const sizeBytes = payload.sizeOf(message);
    if (sizeBytes > payload.maxBytes) throw tooLarge(message.type, sizeBytes, payload.maxBytes);
    return BITCOIN_HEADER_BYTES + sizeBytes;
  }

  function write(message: Message, target: Uint8Array, at: number, sizeBytes: number): void {
    const { payload, start } = rows.get(message.type)!;
    target.set(message.type === "unknown" ? startOfUnknown(message.command) : start, at);
    const writer = ByteWriter.into(target, at + LENGTH_AT).uint32(sizeBytes - BITCOIN_HEADER_BYTES);
    writer.reserve(CHECKSUM_BYTES);
    payload.write(writer, message);
    if (checksums) seal(target, at, at + sizeBytes);
  }

  function seal(bytes: Uint8Array, start: number, end: number): void {
    const digest = hasher.sha256d(bytes.subarray(start + BITCOIN_HEADER_BYTES, end));
    for (let i = 0; i < CHECKSUM_BYTES; i++) bytes[start + CHECKSUM_AT + i] = digest[i]!;
  }

  const newFraming = () => new BitcoinFraming(magicBytes, checksums ? hasher : undefined);
  return {
    name: "bitcoin",
    encode,
    encodeInto,
    seal,
    createDecoder: (options) => new FrameDecoder(newFraming(), options),
    createSorter: (opens, options) => new FrameDecoder(new Sorter(newFraming(), opens), options),
  };
}

const PAYLOADS: { readonly [T in MessageType]: PayloadCodec<Message> } = BITCOIN_PAYLOADS;
const PAYLOAD_TYPES = Object.keys(PAYLOADS) as readonly MessageType[];

/** One decoder's view of the stream. It is also the source that payloads are read from: nothing is built per frame. */
class BitcoinFraming implements ClosedFraming, PayloadSource {
  readonly #magic: Uint8Array;
  /** Undefined: checksums are somebody else's concern. */
  readonly #hasher: Hasher | undefined;
  /** Noted by `measure` for `parse`. */
  #payload = PAYLOADS.unknown;
  #frame: Frame = NO_FRAME;
  type: MessageType = "unknown";
  command = "";
  reader = NO_READER;

  constructor(magic: Uint8Array, hasher: Hasher | undefined) {
    this.#magic = magic;
    this.#hasher = hasher;
  }

  measure(bytes: Uint8Array, start: number, end: number): number {
    const available = end - start;
    for (let i = 0; i < MAGIC_BYTES && i < available; i++) {
      if (bytes[start + i] !== this.#magic[i]) throw new RemoteFault("bad-magic", "a frame of another network");
    }
    if (available < BITCOIN_HEADER_BYTES) return BITCOIN_HEADER_BYTES;
    const known = findCommand(bytes, start + MAGIC_BYTES);
    this.type = known ? known.command : "unknown";
    this.command = known ? known.command : readCommand(bytes, start + MAGIC_BYTES);
    this.#payload = known ? known.payload : PAYLOADS.unknown;
    const sizeBytes = uint32At(bytes, start + LENGTH_AT);
    if (sizeBytes > this.#payload.maxBytes) {
      const name = known ? known.command : "a message of an unknown type";
      throw new RemoteFault("oversized", `${name} of ${sizeBytes} bytes, at most ${this.#payload.maxBytes}`);
    }
    return BITCOIN_HEADER_BYTES + sizeBytes;
  }

  check({ bytes, start, end }: Frame): void {
    if (!this.#hasher) return;
    const digest = this.#hasher.sha256d(bytes.subarray(start + BITCOIN_HEADER_BYTES, end));
    for (let i = 0; i < CHECKSUM_BYTES; i++) {
      if (bytes[start + CHECKSUM_AT + i] !== digest[i]) throw new RemoteFault("bad-checksum", "a damaged frame");
    }
  }

  parse(frame: Frame): Message {
    this.check(frame);
    this.#frame = frame;
    this.reader = new ByteReader(frame.bytes, frame.start + BITCOIN_HEADER_BYTES, frame.end);
    const message = this.#payload.read(this);
    this.reader.expectEnd();
    // An idle decoder must not hold on to the chunk.
    this.reader = NO_READER;
    return message;
  }

  rest(): Uint8Array {
    const start = this.reader.offset;
    this.reader.skip(this.reader.remaining);
    return this.#frame.keep(start, this.#frame.end);
  }
}

const EMPTY = new Uint8Array(0);
const NO_READER = new ByteReader(EMPTY);
const NO_FRAME: Frame = { bytes: EMPTY, start: 0, end: 0, keep: () => EMPTY };

/** What is said of a command that we know. */
interface KnownCommand {
  readonly command: MessageType;
  readonly payload: PayloadCodec<Message>;
  readonly bytes: Uint8Array;
}

/** By the first four bytes of the command, so that no string is made per frame. At most three share them ("send"). */
const KNOWN_COMMANDS: ReadonlyMap<number, readonly KnownCommand[]> = Map.groupBy(
  PAYLOAD_TYPES.filter((type) => type !== "unknown")
    .map((command) => ({ command, payload: PAYLOADS[command], bytes: commandBytes(command) })),
  (known) => uint32At(known.bytes, 0),
);

function findCommand(bytes: Uint8Array, at: number): KnownCommand | undefined {
  return KNOWN_COMMANDS.get(uint32At(bytes, at))?.find((known) => holdsAt(bytes, at, known.bytes));
}

function holdsAt(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}

/** A command as text: printable ASCII, then zeros up to its full length. */
function readCommand(bytes: Uint8Array, at: number): string {
  let command = "";
  for (let i = 0; i < MAX_COMMAND_BYTES; i++) {
    const code = bytes[at + i]!;
    if (code === 0 && holdsAt(bytes, at + i, NO_COMMAND.subarray(i))) return command;
    if (!isPrintable(code)) throw new MalformedBytes("a command that is not printable");
    command += String.fromCharCode(code);
  }
  return command;
}

function commandBytes(command: string): Uint8Array {
  const bytes = new Uint8Array(MAX_COMMAND_BYTES);
  const codes = Array.from(command, (letter) => letter.charCodeAt(0));
  if (codes.length > MAX_COMMAND_BYTES || !codes.every(isPrintable)) {
    const rule = `a command has at most ${MAX_COMMAND_BYTES} printable ASCII characters`;
    throw new LocalError("bad-argument", `Cannot encode: ${rule}: received ${JSON.stringify(command)}`);
  }
  bytes.set(codes);
  return bytes;
}

function isPrintable(code: number): boolean {
  return code >= FIRST_PRINTABLE && code <= LAST_PRINTABLE;
}

function tooLarge(type: MessageType, sizeBytes: number, maxBytes: number): LocalError {
  return new LocalError(
    "bad-argument",
    `Cannot encode ${type}: a payload has at most ${maxBytes} bytes: received ${sizeBytes}`,
  );
}
