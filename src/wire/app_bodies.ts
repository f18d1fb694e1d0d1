import { LocalError, RemoteFault } from "../protocol/errors.ts";
import type { MessageOf } from "../protocol/messages.ts";
import { MAX_APP_PAYLOAD_BYTES, MAX_METHOD_BYTES, MAX_TOPIC_BYTES } from "../protocol/wire_limits.ts";
import { type ByteReader, type ByteWriter, MalformedBytes } from "../util/bytes.ts";
import { TextCache } from "../util/text_cache.ts";

/** Messages of applications whose payload is bytes as they are, behind a head. Both wires spell them the same. */
export type AppType = "publish" | "request" | "response";

/** Head and payload of one type. */
export interface AppBody<M> {
  readonly maxBytes: number;
  /** Size in bytes of what stands before the payload. Throws LocalError. */
  headSize(message: M): number;
  /** Throws LocalError. */
  writeHead(writer: ByteWriter, message: M): void;
  /** Throws MalformedBytes or RemoteFault. */
  read(source: BodySource): M;
}

/** A body that is being read. */
export interface BodySource {
  /** Stands at the start of the body and ends where it ends. */
  readonly reader: ByteReader;
  /** The rest of the body, in memory that may be kept. */
  rest(): Uint8Array;
}

const UINT32_BYTES = 4;
const UINT64_BYTES = 8;
const MAX_UINT8 = 0xff;
const MAX_UINT32 = 0xffff_ffff;
const MAX_UINT64 = 0xffff_ffff_ffff_ffffn;
const BYTE_ORDER_MARK = "\ufeff";

const names = new TextCache();

/** Integers are little-endian; a name is a byte of length and so much UTF-8. SPEC.md says the same in words. */
export const APP_BODIES: { readonly [T in AppType]: AppBody<MessageOf<T>> } = {
  publish: {
    maxBytes: UINT64_BYTES + 1 + MAX_TOPIC_BYTES + MAX_APP_PAYLOAD_BYTES,
    headSize: ({ topic }) => UINT64_BYTES + nameSize(topic, MAX_TOPIC_BYTES),
    writeHead(writer, { id, topic, payload }) {
      checkPayload("publish", payload);
      if (id < 0n || id > MAX_UINT64) throw refusal("publish", "the id has 64 bits", id);
      writeName(writer.uint64(id), topic, MAX_TOPIC_BYTES);
    },
    read(source) {
      const id = source.reader.uint64("id");
      const topic = readNamed(source.reader, "topic", MAX_TOPIC_BYTES);
      return { type: "publish", topic, id, payload: readPayload(source) };
    },
  },
  request: {
    maxBytes: UINT32_BYTES + 1 + MAX_METHOD_BYTES + MAX_APP_PAYLOAD_BYTES,
    headSize: ({ method }) => UINT32_BYTES + nameSize(method, MAX_METHOD_BYTES),
    writeHead(writer, { id, method, payload }) {
      checkPayload("request", payload);
      checkRequestId("request", id);
      writeName(writer.uint32(id), method, MAX_METHOD_BYTES);
    },
    read(source) {
      const id = source.reader.uint32("id");
      const method = readNamed(source.reader, "method", MAX_METHOD_BYTES);
      return { type: "request", id, method, payload: readPayload(source) };
    },
  },
  response: {
    maxBytes: UINT32_BYTES + 1 + MAX_APP_PAYLOAD_BYTES,
    headSize: () => UINT32_BYTES + 1,
    writeHead(writer, { id, status, payload }) {
      checkPayload("response", payload);
      checkRequestId("response", id);
      if (!Number.isInteger(status) || status < 0 || status > MAX_UINT8) {
        throw refusal("response", `a status is from 0 to ${MAX_UINT8}`, status);
      }
      writer.uint32(id).uint8(status);
    },
    read(source) {
      const id = source.reader.uint32("id");
      return { type: "response", id, status: source.reader.uint8("status"), payload: readPayload(source) };
    },
  },
};

/** Throws LocalError unless `id` has 32 bits. */
export function checkRequestId(type: string, id: number): void {
  if (!Number.isInteger(id) || id < 0 || id > MAX_UINT32) throw refusal(type, "the id has 32 bits", id);
}

/** Bytes that a name takes, with its byte of length. Throws LocalError for what is no name. */
export function nameSize(name: string, maxBytes: number): number {
  const sizeBytes = names.encode(name).length;
  if (sizeBytes >= 1 && sizeBytes <= maxBytes && name.isWellFormed() && !name.startsWith(BYTE_ORDER_MARK)) {
    return 1 + sizeBytes;
  }
  const rule = `a name has from 1 to ${maxBytes} bytes of UTF-8 and no byte order mark`;
  throw new LocalError("bad-argument", `Cannot encode: ${rule}: received ${JSON.stringify(name)}`);
}

/** A byte of length, then the name. Throws LocalError. */
export function writeName(writer: ByteWriter, name: string, maxBytes: number): void {
  writer.uint8(nameSize(name, maxBytes) - 1).raw(names.encode(name));
}

/** Throws MalformedBytes for what is no name of at most `maxBytes`. */
export function readName(reader: ByteReader, maxBytes: number): string {
  const sizeBytes = reader.uint8("length");
  if (sizeBytes === 0 || sizeBytes > maxBytes) throw new MalformedBytes(`a name of ${sizeBytes} bytes`);
  const start = reader.offset;
  reader.skip(sizeBytes, "text");
  const name = names.decode(reader.bytes, start, start + sizeBytes);
  if (name.startsWith(BYTE_ORDER_MARK)) throw new MalformedBytes("a name with a byte order mark");
  return name;
}

function readNamed(reader: ByteReader, field: string, maxBytes: number): string {
  reader.enter(field);
  const name = readName(reader, maxBytes);
  reader.leave();
  return name;
}

/** The frame's own limit leaves room for the longest name, also where the name is short. */
function readPayload(source: BodySource): Uint8Array {
  const sizeBytes = source.reader.remaining;
  if (sizeBytes > MAX_APP_PAYLOAD_BYTES) throw new RemoteFault("oversized", `a payload of ${sizeBytes} bytes`);
  return source.rest();
}

function checkPayload(type: string, payload: Uint8Array): void {
  if (payload.length <= MAX_APP_PAYLOAD_BYTES) return;
  throw refusal(type, `a payload has at most ${MAX_APP_PAYLOAD_BYTES} bytes`, `${payload.length} bytes`);
}

function refusal(type: string, why: string, value: unknown): LocalError {
  return new LocalError("bad-argument", `Cannot encode ${type}: ${why}: received ${value}`);
}
