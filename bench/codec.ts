import { createHasher } from "../src/platform/hasher.ts";
import type { BlockHeader } from "../src/protocol/block_header.ts";
import type { AddressRecord, InvItem, Message } from "../src/protocol/messages.ts";
import { SHORT_ID_BYTES } from "../src/protocol/wire_limits.ts";
import { ByteWriter, concatBytes } from "../src/util/bytes.ts";
import type { Hash } from "../src/util/hash.ts";
import { bitcoinCodec } from "../src/wire/bitcoin.ts";
import { type Candidate, type Subject, timed } from "./support.ts";

const REGTEST_MAGIC = 0xfabfb5da;
/** As large as the chunks that sockets deliver. */
const CHUNK_BYTES = 65_536;
/** Encodings a run: enough that timing one does not dominate. */
const ENCODINGS = 100;

const INV_ITEMS = 50;
const HEADERS = 2000;
const ADDRESSES = 1000;
const SHORT_IDS = 2500;
const BLOCK_BYTES = 1_000_000;
const APPLICATION_BYTES = 232;
/** One input and two outputs of a common form make 226 bytes; the script is longer here. */
const SCRIPT_BYTES = 127;

/**
 * Messages a second on the Bitcoin wire, to and from bytes, checksums computed and verified, one core. bcoin on the
 * machine of docs/performance.md, for comparison: ping 370 k/s; inv of 50 parsed 22 k/s and framed 67 k/s; headers of
 * 2,000 parsed 246/s and framed 820/s; tx of 246 bytes parsed 95 k/s and framed 205 k/s.
 */
export const subject: Subject = timed("codec, bitcoin wire", () => {
  const codec = bitcoinCodec(REGTEST_MAGIC, createHasher());
  return samples().flatMap(([name, message]): Candidate[] => {
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

function samples(): readonly (readonly [name: string, message: Message])[] {
  const transaction = plainTransaction();
  return [
    ["ping", { type: "ping", nonce: 0x0123_4567_89ab_cdefn }],
    ["application, 232 bytes", { type: "unknown", command: "app", payload: new Uint8Array(APPLICATION_BYTES).fill(1) }],
    [`tx, ${transaction.length} bytes`, { type: "tx", transaction }],
    ["inv of 1", { type: "inv", items: inventory(1) }],
    ["inv of 50", { type: "inv", items: inventory(INV_ITEMS) }],
    ["headers of 1", { type: "headers", headers: headers(1) }],
    ["headers of 2,000", { type: "headers", headers: headers(HEADERS) }],
    ["addrv2 of 1,000", { type: "addrv2", addresses: addresses() }],
    ["cmpctblock of 2,500", {
      type: "cmpctblock",
      header: headers(1)[0]!,
      nonce: 1n,
      shortIds: new Uint8Array(SHORT_IDS * SHORT_ID_BYTES).map((_, i) => i),
      prefilled: [{ index: 0, transaction }],
    }],
    ["block of 1 MB", { type: "block", block: new Uint8Array(BLOCK_BYTES) }],
  ];
}

function hashOf(index: number): Hash {
  return index.toString(16).padStart(8, "0").repeat(8);
}

function inventory(count: number): InvItem[] {
  return Array.from({ length: count }, (_, index) => ({ kind: 1, hash: hashOf(index) }));
}

function headers(count: number): BlockHeader[] {
  return Array.from({ length: count }, (_, index) => ({
    version: 0x2000_0000,
    previous: hashOf(index),
    merkleRoot: hashOf(count + index),
    time: 1_700_000_000 + index,
    bits: 0x1d00ffff,
    nonce: index,
  }));
}

function addresses(): AddressRecord[] {
  return Array.from({ length: ADDRESSES }, (_, index) => ({
    time: 1_700_000_000,
    services: 0x409n,
    address: { networkId: 1, bytes: new ByteWriter(4).uint32(index).finish() },
    port: 8333,
  }));
}

/** One input, two outputs, no witness. */
function plainTransaction(): Uint8Array {
  const writer = new ByteWriter().uint32(1);
  writer.varInt(1).raw(new Uint8Array(36)).varInt(SCRIPT_BYTES).raw(new Uint8Array(SCRIPT_BYTES)).uint32(0xffff_ffff);
  writer.varInt(2);
  for (const value of [1n, 2n]) writer.uint64(value).varInt(25).raw(new Uint8Array(25));
  return writer.uint32(0).finish();
}
