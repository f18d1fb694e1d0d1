import { RemoteFault } from "../../protocol/errors.ts";
import type { Message } from "../../protocol/messages.ts";
import { bytesToHex, hexToBytes } from "../../util/hex.ts";
import type { WireCodec } from "../../wire/codec.ts";
import { FrameDecoder, type Framing } from "../../wire/frame_decoder.ts";

const LENGTH_BYTES = 4;
const BYTE_BITS = 8;
const MAX_FRAME_BYTES = 4_000_000;
/** JSON has no bytes and no large numbers: they travel as strings that say what they are. */
const BYTES_MARK = "bytes:";
const BIG_MARK = "big:";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The messages as JSON behind a length: what CBOR is compared with. For benches; nobody speaks it. */
export function jsonCodec(): WireCodec {
  function encode(message: Message): Uint8Array {
    const text = encoder.encode(JSON.stringify(toPlain(message)));
    const frame = new Uint8Array(LENGTH_BYTES + text.length);
    for (let i = 0; i < LENGTH_BYTES; i++) frame[i] = text.length >>> (BYTE_BITS * i);
    frame.set(text, LENGTH_BYTES);
    return frame;
  }

  return {
    name: "native",
    encode,
    encodeInto(message, target, offset) {
      const frame = encode(message);
      if (frame.length > target.length - offset) return -1;
      target.set(frame, offset);
      return frame.length;
    },
    createDecoder: () => new FrameDecoder(FRAMING),
  };
}

const FRAMING: Framing = {
  measure(bytes, start, end) {
    if (end - start < LENGTH_BYTES) return LENGTH_BYTES;
    let length = 0;
    for (let i = LENGTH_BYTES - 1; i >= 0; i--) length = (length << BYTE_BITS) | bytes[start + i]!;
    if (length < 0 || length > MAX_FRAME_BYTES) throw new RemoteFault("oversized", `${length} bytes of JSON`);
    return LENGTH_BYTES + length;
  },
  parse({ bytes, start, end }) {
    // Both ends are ours: the form is not checked, which is in favour of JSON.
    return fromPlain(JSON.parse(decoder.decode(bytes.subarray(start + LENGTH_BYTES, end)))) as Message;
  },
};

function toPlain(value: unknown): unknown {
  if (typeof value === "bigint") return BIG_MARK + value;
  if (value instanceof Uint8Array) return BYTES_MARK + bytesToHex(value);
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value !== "object" || value === null) return value;
  const plain: Record<string, unknown> = {};
  for (const key in value) plain[key] = toPlain(value[key as keyof typeof value]);
  return plain;
}

function fromPlain(plain: unknown): unknown {
  if (typeof plain === "string") return fromText(plain);
  if (Array.isArray(plain)) return plain.map(fromPlain);
  if (typeof plain !== "object" || plain === null) return plain;
  const value: Record<string, unknown> = {};
  for (const key in plain) value[key] = fromPlain(plain[key as keyof typeof plain]);
  return value;
}

function fromText(text: string): unknown {
  if (text.startsWith(BIG_MARK)) return BigInt(text.slice(BIG_MARK.length));
  return text.startsWith(BYTES_MARK) ? hexToBytes(text.slice(BYTES_MARK.length)) : text;
}
