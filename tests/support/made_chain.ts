import { Buffer } from "node:buffer";
import { blockHash, compactSize, REGTEST_MAGIC, sha256d } from "./raw_peer.ts";

// Blocks for regtest, made without the product's code, so that a mistake of its rules is not made twice.

/** The block that every regtest chain begins with. */
export const REGTEST_GENESIS: Buffer = Buffer.from(
  "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3" +
    "888a51323a9fb8aa4b1e5e4adae5494dffff7f2002000000" +
    "0101000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054" +
    "696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f75742066" +
    "6f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb6" +
    "49f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000",
  "hex",
);

const HEADER_SIZE = 80;
const TIME_OFFSET = 68;
const NONCE_OFFSET = 76;
/** The easiest target of regtest, in compact form: every other hash meets it. */
const EASIEST_BITS = 0x207fffff;
const BLOCK_VERSION = 0x20000000;
const OP_TRUE = 0x51;
const OP_RETURN = 0x6a;
const SUBSIDY = 50n * 100_000_000n;
/** Blocks between two halvings of the subsidy on regtest. Below what is due is valid too; above is not. */
const HALVING_INTERVAL = 150;

export interface BranchOptions {
  /** The block that the branch begins after, and its height. The genesis block by default. */
  readonly parent?: { readonly block: Uint8Array; readonly height: number };
  readonly count: number;
  /** Distinguishes branches that begin after the same block: one byte. */
  readonly salt?: number;
  /** Bytes that each block carries besides its coinbase proper; 0 by default. */
  readonly padding?: number;
}

/**
 * Blocks that follow upon `parent`, valid to the last rule, each with its coinbase only. They lie one second apart:
 * those upon the genesis block end now, others follow their parent.
 */
export function makeBranch({ parent, count, salt = 0, padding = 0 }: BranchOptions): Buffer[] {
  const now = Math.floor(Date.now() / 1000);
  const parentTime = parent ? Buffer.from(parent.block).readUInt32LE(TIME_OFFSET) : now - count;
  const parentHeight = parent?.height ?? 0;
  const blocks: Buffer[] = [];
  let previous = headerHash(parent?.block ?? REGTEST_GENESIS);
  for (let i = 1; i <= count; i++) {
    const block = mineBlock(previous, parentHeight + i, parentTime + i, salt, padding);
    blocks.push(block);
    previous = headerHash(block);
  }
  return blocks;
}

/** The hash of the last block, in display order. */
export function tipOf(blocks: readonly Uint8Array[]): string {
  const last = blocks.at(-1);
  if (last === undefined) throw new Error("an empty chain has no tip");
  return blockHash(last);
}

/** Blocks as a file in the `blk*.dat` layout: magic, length, block. */
export function encodeBlockFile(blocks: readonly Uint8Array[], magic = REGTEST_MAGIC): Buffer {
  return Buffer.concat(blocks.flatMap((block) => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(magic, 0);
    head.writeUInt32LE(block.length, 4);
    return [head, block];
  }));
}

export function parseBlockFile(file: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = 0; at < file.length;) {
    const size = file.readUInt32LE(at + 4);
    blocks.push(file.subarray(at + 8, at + 8 + size));
    at += 8 + size;
  }
  return blocks;
}

function mineBlock(previous: Buffer, height: number, time: number, salt: number, padding: number): Buffer {
  const coinbase = makeCoinbase(height, salt, padding);
  const header = Buffer.alloc(HEADER_SIZE);
  header.writeUInt32LE(BLOCK_VERSION, 0);
  previous.copy(header, 4);
  sha256d(coinbase).copy(header, 36); // the merkle root of one transaction is its hash
  header.writeUInt32LE(time, TIME_OFFSET);
  header.writeUInt32LE(EASIEST_BITS, 72);
  for (let nonce = 0; !meetsTarget(header); nonce++) header.writeUInt32LE(nonce, NONCE_OFFSET);
  return Buffer.concat([header, compactSize(1), coinbase]);
}

function makeCoinbase(height: number, salt: number, padding: number): Buffer {
  const script = Buffer.concat([pushNumber(height), Buffer.from([1, salt])]);
  const outputs = [output(SUBSIDY >> BigInt(Math.floor(height / HALVING_INTERVAL)), Buffer.from([OP_TRUE]))];
  if (padding > 0) outputs.push(output(0n, Buffer.alloc(padding, OP_RETURN)));
  return Buffer.concat([
    Buffer.from("0100000001", "hex"),
    Buffer.alloc(32),
    Buffer.from("ffffffff", "hex"),
    compactSize(script.length),
    script,
    Buffer.from("ffffffff", "hex"),
    compactSize(outputs.length),
    ...outputs,
    Buffer.alloc(4),
  ]);
}

function output(value: bigint, script: Buffer): Buffer {
  const amount = Buffer.alloc(8);
  amount.writeBigUInt64LE(value);
  return Buffer.concat([amount, compactSize(script.length), script]);
}

/** A height as BIP34 wants it in a coinbase: a minimal push of the number. */
function pushNumber(value: number): Buffer {
  if (value <= 16) return Buffer.from([OP_TRUE - 1 + value]);
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest >>>= 8) bytes.push(rest & 0xff);
  if (bytes.at(-1)! & 0x80) bytes.push(0);
  return Buffer.from([bytes.length, ...bytes]);
}

function meetsTarget(header: Buffer): boolean {
  return headerHash(header)[31]! <= 0x7f;
}

function headerHash(block: Uint8Array): Buffer {
  return sha256d(block.subarray(0, HEADER_SIZE));
}
