import type { Message } from "../src/protocol/messages.ts";
import { concatBytes } from "../src/util/bytes.ts";
import { nativeCodec } from "../src/wire/native.ts";
import { type Candidate, type Subject, timed } from "./support.ts";

/** As large as the chunks that sockets deliver and the batches that outboxes write. */
const CHUNK_BYTES = 65_536;
/** What is left of 256 bytes behind a header of 24. */
const APP_BYTES = 232;
const INV_ITEMS = 50;
const HEADERS = 2000;
const BLOCK_BYTES = 1_000_000;
/** Encodings a run: enough that timing one does not dominate. */
const ENCODINGS = 100;

const HASH = "0123456789abcdef".repeat(4);
const HEADER = { version: 4, previous: HASH, merkleRoot: HASH, time: 1_700_000_000, bits: 0x1d00ffff, nonce: 7 };

const MESSAGES: readonly (readonly [name: string, message: Message])[] = [
  ["ping", { type: "ping", nonce: 0x0123_4567_89ab_cdefn }],
  ["app of 232 B", { type: "app", payload: new Uint8Array(APP_BYTES) }],
  ["publish of 232 B", { type: "publish", topic: "chat", id: 0x0123_4567n, payload: new Uint8Array(APP_BYTES) }],
  ["request of 232 B", { type: "request", id: 7, method: "echo", payload: new Uint8Array(APP_BYTES) }],
  ["inv of 50", { type: "inv", items: Array.from({ length: INV_ITEMS }, () => ({ kind: 1, hash: HASH })) }],
  ["headers of 2,000", { type: "headers", headers: Array.from({ length: HEADERS }, () => HEADER) }],
  ["block of 1 MB", { type: "block", block: new Uint8Array(BLOCK_BYTES) }],
];

/** Messages a second on the native wire, to and from bytes, one core. */
export const subject: Subject = timed("codec, native wire", () => {
  const codec = nativeCodec(0x70327021);
  return MESSAGES.flatMap(([name, message]): Candidate[] => {
    const frame = codec.encode(message);
    const perChunk = Math.max(1, Math.floor(CHUNK_BYTES / frame.length));
    const chunk = concatBytes(Array.from({ length: perChunk }, () => frame));
    const encodings = Math.min(ENCODINGS, perChunk);
    const decoder = codec.createDecoder();
    return [
      {
        name: `decode ${name}`,
        operations: perChunk,
        run() {
          decoder.feed(chunk);
          while (decoder.next() !== undefined);
        },
      },
      {
        name: `encode ${name}`,
        operations: encodings,
        run() {
          for (let i = 0; i < encodings; i++) codec.encode(message);
        },
      },
    ];
  });
});
