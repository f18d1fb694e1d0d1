import { RemoteFault } from "../protocol/errors.ts";
import type { Message, MessageType } from "../protocol/messages.ts";
import { MAX_COMMAND_BYTES } from "../protocol/wire_limits.ts";
import { MalformedBytes } from "../util/bytes.ts";
import type { Hasher } from "../util/hash.ts";
import { type TracedField, TracingReader } from "../util/tracing_reader.ts";
import { BITCOIN_HEADER_BYTES, bitcoinCodec } from "./bitcoin.ts";
import type { PayloadCodec, PayloadSource } from "./bitcoin_payload.ts";
import { BITCOIN_PAYLOADS } from "./bitcoin_payloads.ts";
import { type CborExpansion, traceCbor } from "./cbor_trace.ts";
import type { WireCodec } from "./codec.ts";
import { NATIVE_HEADER_BYTES, nativeCodec, nativeLayout, nativeTypeName } from "./native.ts";
import { NATIVE_PAYLOADS } from "./native_payloads.ts";
import { TOPOLOGY_WHOLE } from "./topology_payload.ts";

/** What is wrong with a frame: a fault as a peer would be told, or that it ends too early. */
export interface FrameProblem {
  readonly code: RemoteFault["code"] | "truncated";
  readonly detail: string;
}

/** One frame or payload, field by field. */
export interface FrameTrace {
  readonly wire: WireCodec["name"];
  /** The type of the message, or what it calls itself if we do not know it; empty where not even that is there. */
  readonly type: string;
  readonly isKnown: boolean;
  /** From the first byte on, in order; up to where the problem is, if there is one. */
  readonly fields: readonly TracedField[];
  /** As the decoder of peers made it of the same bytes; undefined with a problem. */
  readonly message: Message | undefined;
  readonly problem: FrameProblem | undefined;
  /** What is wrong inside of a block or transaction, into which the decoder of peers does not look. */
  readonly inside: FrameProblem | undefined;
  /** One past the frame's last byte; undefined where nobody can tell. */
  readonly end: number | undefined;
  /** Of the Bitcoin wire: the checksum that the payload has. */
  readonly checksum: Uint8Array | undefined;
}

/** Reads what the wire carries as it is: it has parts for whoever wants to see them. */
export type Expansion = (reader: TracingReader) => void;

export interface TraceOptions {
  readonly hasher: Hasher;
  /** How the insides of a block and of a transaction are read. */
  readonly expansions: { readonly block: Expansion; readonly transaction: Expansion };
}

/** Bytes of a frame's header, by wire. */
export const HEADER_BYTES: { readonly [W in WireCodec["name"]]: number } = {
  bitcoin: BITCOIN_HEADER_BYTES,
  native: NATIVE_HEADER_BYTES,
};

/** What a wire calls its messages. */
export const MESSAGE_TYPES: readonly MessageType[] = (Object.keys(BITCOIN_PAYLOADS) as MessageType[])
  .filter((type) => type !== "unknown");

const MAGIC_BYTES = 4;
const CHECKSUM_BYTES = 4;
const NATIVE_LENGTH_BYTES = 3;
const BYTE_VALUES = 256;

/** The frame of the network with this magic that begins at `start`; there may be more behind it. */
export function traceFrame(
  wire: WireCodec["name"],
  magic: number,
  bytes: Uint8Array,
  start: number,
  options: TraceOptions,
): FrameTrace {
  const codec = wire === "native" ? nativeCodec(magic) : bitcoinCodec(magic, options.hasher);
  const decoded = decodeWhole(codec, bytes.subarray(start));
  const reader = new TracingReader(bytes, start);
  const header = attempt(() => wire === "native" ? readNativeHeader(reader) : readBitcoinHeader(reader));
  if (!header.value) {
    return { ...untyped(wire, reader.fields), problem: decoded.problem ?? truncated(header.problem!.detail) };
  }
  const { type, isKnown, sizeBytes, read } = header.value;
  const payloadStart = reader.offset;
  const end = payloadStart + sizeBytes;
  const isThere = end <= bytes.length;
  const problem = decoded.problem ?? (isThere ? undefined : shortOf(payloadStart, end, bytes.length));
  const isOversized = problem?.code === "oversized";
  const body = new TracingReader(bytes, payloadStart, Math.min(end, bytes.length), reader.fields);
  const inside = isOversized ? undefined : read(body, options).problem;
  const whole = bytes.subarray(payloadStart, end);
  return {
    wire,
    type,
    isKnown,
    fields: reader.fields,
    message: decoded.message,
    problem,
    inside: problem ? undefined : inside,
    end: isThere && !isOversized ? end : undefined,
    checksum: wire === "bitcoin" && isThere ? checksumOf(whole, options.hasher) : undefined,
  };
}

/** What a frame calls its message; empty where its header is not whole. */
export function nameFrame(wire: WireCodec["name"], frame: Uint8Array): string {
  const reader = new TracingReader(frame);
  return attempt(() => wire === "native" ? readNativeHeader(reader) : readBitcoinHeader(reader)).value?.type ?? "";
}

/** A payload without its header, of a message whose type is told. */
export function tracePayload(
  wire: WireCodec["name"],
  type: MessageType,
  bytes: Uint8Array,
  options: TraceOptions,
): FrameTrace {
  const reader = new TracingReader(bytes);
  const read = wire === "native" ? nativeBody(numberOf(type)) : bitcoinBody(type, type);
  const { value: message, problem } = read(reader, options);
  return {
    wire,
    type,
    isKnown: true,
    fields: reader.fields,
    message: problem ? undefined : message,
    problem,
    inside: undefined,
    end: bytes.length,
    checksum: undefined,
  };
}

/** What a trial gave: a value, or what was wrong. */
interface Trial<T> {
  readonly value?: T;
  readonly problem?: FrameProblem;
}

type ReadBody = (reader: TracingReader, options: TraceOptions) => Trial<Message>;

interface Header {
  readonly type: string;
  readonly isKnown: boolean;
  readonly sizeBytes: number;
  readonly read: ReadBody;
}

function decodeWhole(
  codec: WireCodec,
  bytes: Uint8Array,
): { readonly message: Message | undefined; readonly problem: FrameProblem | undefined } {
  const decoder = codec.createDecoder();
  decoder.feed(bytes);
  const { value, problem } = attempt(() => decoder.next());
  return { message: value, problem };
}

function readBitcoinHeader(reader: TracingReader): Header {
  reader.view(MAGIC_BYTES, "magic");
  const command = nameIn(reader.view(MAX_COMMAND_BYTES, "command"));
  const sizeBytes = reader.uint32("length");
  reader.view(CHECKSUM_BYTES, "checksum");
  const type = isBitcoinType(command) ? command : undefined;
  return { type: command, isKnown: type !== undefined, sizeBytes, read: bitcoinBody(type ?? "unknown", command) };
}

function readNativeHeader(reader: TracingReader): Header {
  reader.view(MAGIC_BYTES, "magic");
  const number = reader.uint8("type");
  const [low, middle, high] = reader.view(NATIVE_LENGTH_BYTES, "length") as Uint8Array & [number, number, number];
  const type = nativeTypeName(number);
  const sizeBytes = low + BYTE_VALUES * (middle + BYTE_VALUES * high);
  return { type, isKnown: Object.hasOwn(NATIVE_PAYLOADS, type), sizeBytes, read: nativeBody(number) };
}

function bitcoinBody(type: MessageType, command: string): ReadBody {
  const payload = BITCOIN_PAYLOADS[type] as PayloadCodec<Message>;
  return (reader, options) =>
    attempt(() => {
      if (type === "topology") traceCbor(reader, TOPOLOGY_WHOLE, expandCbor(options));
      const source = type === "topology" ? new TracingReader(reader.bytes, reader.offset, endOf(reader)) : reader;
      const message = payload.read(sourceOf(source, type, command, options));
      source.expectEnd();
      return message;
    });
}

function nativeBody(number: number): ReadBody {
  const layout = nativeLayout(number);
  const type = nativeTypeName(number);
  return (reader, options) =>
    attempt(() => {
      if (layout.kind === "structured") {
        return { type, ...traceCbor(reader, layout.whole, expandCbor(options)) as object } as Message;
      }
      const message = layout.read(sourceOf(reader, type, type, options)) as Message;
      reader.expectEnd();
      return message;
    });
}

/** What payloads are read from, with an account of it. */
function sourceOf(reader: TracingReader, type: string, command: string, options: TraceOptions): PayloadSource {
  const expand = { block: options.expansions.block, tx: options.expansions.transaction }[type];
  return {
    command,
    reader,
    rest() {
      if (!expand) return reader.copy(reader.remaining, "payload");
      const rest = new TracingReader(reader.bytes, reader.offset, endOf(reader)).copy(reader.remaining);
      expand(reader);
      reader.skip(reader.remaining, "trailing");
      return rest;
    },
  };
}

/** Transactions within messages, too, have parts. */
function expandCbor({ expansions }: TraceOptions): CborExpansion {
  return (name) => name === "transaction" || name === "transactions" ? expansions.transaction : undefined;
}

function endOf(reader: TracingReader): number {
  return reader.offset + reader.remaining;
}

function attempt<T>(work: () => T): Trial<T> {
  try {
    return { value: work() };
  } catch (error) {
    if (error instanceof RemoteFault) {
      return { problem: { code: error.code, detail: error.message.slice(`${error.code}: `.length) } };
    }
    if (error instanceof MalformedBytes) return { problem: { code: "malformed", detail: error.message } };
    throw error;
  }
}

function untyped(wire: WireCodec["name"], fields: readonly TracedField[]): Omit<FrameTrace, "problem"> {
  return {
    wire,
    type: "",
    isKnown: false,
    fields,
    message: undefined,
    inside: undefined,
    end: undefined,
    checksum: undefined,
  };
}

function truncated(detail: string): FrameProblem {
  return { code: "truncated", detail: `within the header: ${detail}` };
}

function shortOf(payloadStart: number, end: number, there: number): FrameProblem {
  const detail = `the header announces ${end - payloadStart} bytes, ${there - payloadStart} are there`;
  return { code: "truncated", detail };
}

function checksumOf(payload: Uint8Array, hasher: Hasher): Uint8Array {
  return hasher.sha256d(payload).subarray(0, CHECKSUM_BYTES);
}

function nameIn(command: Uint8Array): string {
  const text = String.fromCharCode(...command);
  return text.replace(/\0+$/, "");
}

function isBitcoinType(command: string): command is MessageType {
  return command !== "unknown" && Object.hasOwn(BITCOIN_PAYLOADS, command);
}

function numberOf(type: MessageType): number {
  return type === "unknown" ? 0 : NATIVE_PAYLOADS[type].number;
}
