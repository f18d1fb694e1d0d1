import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { parseBlock } from "../../../src/chain/block.ts";
import { Chain } from "../../../src/chain/chain.ts";
import { buildCompactBlock } from "../../../src/chain/compact_block.ts";
import { openCompactBlock } from "../../../src/chain/partial_block.ts";
import { readBlocks } from "../../../src/platform/block_file.ts";
import { LocalError } from "../../../src/protocol/errors.ts";
import type { Message } from "../../../src/protocol/messages.ts";
import { REGTEST } from "../../../src/protocol/networks.ts";
import { concatBytes, equalBytes } from "../../../src/util/bytes.ts";
import { hash256 } from "../../../src/util/hash.ts";
import { transaction } from "../../support/blocks.ts";
import { encodeBlockFile } from "../../support/made_chain.ts";
import { Miner, NOW } from "../../support/mining.ts";
import { testHasher } from "../../support/test_hasher.ts";
import { REGTEST_BITCOIN, repairBitcoinFrame } from "../corpora.ts";
import type { FuzzTarget } from "../target.ts";

const TRANSACTIONS = 12;
const NONCE = 0x0123_4567_89abn;

function transactions(): Uint8Array[] {
  return Array.from(
    { length: TRANSACTIONS },
    (_, index) =>
      transaction({ inputs: [index % 3 === 0 ? { index, witness: [Uint8Array.of(1, index)] } : { index }] }),
  );
}

/** A block with a witness commitment, and one with its coinbase alone. */
function goodBlocks() {
  const miner = new Miner();
  return [miner.mine(undefined, { transactions: transactions() }), miner.mine()];
}

/** A chain that gets one block: a changed copy is never taken for the block, nor held against it. */
export const BLOCK: FuzzTarget = {
  name: "block",
  corpus: () => goodBlocks().map(({ raw }) => raw),
  open() {
    const good = goodBlocks();
    return (input) => {
      const chain = new Chain({ params: REGTEST, hasher: testHasher });
      const outcome = chain.acceptBlock(input, NOW);
      const isGood = good.some(({ raw }) => equalBytes(raw, input));
      // To make another block of the same work takes more luck than there is, or none: then it must be one.
      if (outcome.kind === "extended" && !isGood) {
        assertEquals(chain.tip.hash, hash256(testHasher, input.subarray(0, 80)));
      }
      for (const { raw, hash } of good) {
        if (outcome.kind === "extended" && chain.tip.hash === hash) {
          assert(equalBytes(raw, input), "a changed copy is taken");
        }
        chain.acceptBlock(raw, NOW);
        assert(
          chain.get(hash)?.hasBlock && !chain.get(hash)!.invalid,
          `block ${hash} is not taken after a changed copy`,
        );
      }
      return outcome.kind === "refused" ? `refused: ${outcome.reason}` : outcome.kind;
    };
  },
};

const BOUNDARY = 2;

/** A compact block and the answer for what it lacks. The first two bytes tell how long the first is. */
export const COMPACT_BLOCK: FuzzTarget = {
  name: "compact-block",
  corpus() {
    return goodBlocks().flatMap(({ raw, hash }) =>
      [[0], [0, 3], [0, 1, 2, 11]].map((prefill) => {
        const parsed = parseBlock(raw);
        const present = new Set(prefill.filter((index) => index < parsed.transactions.length));
        const compact = buildCompactBlock(testHasher, parsed, NONCE, present);
        const absent = parsed.transactions.filter((_, i) => !present.has(i)).map(({ start, end }) =>
          raw.slice(start, end)
        );
        const supply = { type: "blocktxn", blockHash: hash, transactions: absent } as const;
        return join2(REGTEST_BITCOIN.encode(compact), REGTEST_BITCOIN.encode(supply));
      })
    );
  },
  repair(input) {
    const [first, second] = split(input);
    return join2(repairBitcoinFrame(first), repairBitcoinFrame(second));
  },
  open: () => (input) => {
    const [first, second] = split(input).map(decodeOne);
    if (first?.type !== "cmpctblock") return "no compact block";
    const opening = openCompactBlock(testHasher, first);
    if (opening.kind !== "opened") return `${opening.kind}`;
    const { block } = opening;
    const missing = block.missing();
    assertEquals(missing.length, block.missingCount);
    for (const raw of transactions()) block.offer(hash256(testHasher, raw), raw);
    assert(block.missingCount <= missing.length);
    const left = block.missing();
    if (second?.type !== "blocktxn") return "no supply";
    const { kind } = block.supply(second.transactions);
    if (kind !== "complete") return `supply ${kind}`;
    assertEquals([block.missingCount, second.transactions.length], [0, left.length]);
    const parsed = parseBlock(block.assemble());
    assertEquals([parsed.transactions.length, parsed.header], [block.count, first.header]);
    return "complete";
  },
};

function join2(first: Uint8Array, second: Uint8Array): Uint8Array {
  return concatBytes([Uint8Array.of(first.length >>> 8, first.length), first, second]);
}

function split(input: Uint8Array): [Uint8Array, Uint8Array] {
  const end = BOUNDARY + ((input[0] ?? 0) << 8 | (input[1] ?? 0));
  return [input.subarray(BOUNDARY, end), input.subarray(end)];
}

function decodeOne(frame: Uint8Array): Message | undefined {
  const decoder = REGTEST_BITCOIN.createDecoder();
  decoder.feed(frame);
  try {
    return decoder.next();
  } catch {
    // The decoder is another target.
    return undefined;
  }
}

const directories: string[] = [];

/** A block file: blocks that are whole, then the place and reason where it is none. */
export const BLOCK_FILE: FuzzTarget = {
  name: "block-file",
  close() {
    for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
  },
  corpus() {
    const file = new Uint8Array(encodeBlockFile(goodBlocks().map(({ raw }) => raw)));
    return [file, concatBytes([file, new Uint8Array(100)]), concatBytes([file, file])];
  },
  open() {
    const directory = mkdtempSync(join(tmpdir(), "p2p-fuzz-"));
    directories.push(directory);
    const path = join(directory, "blocks.dat");
    return (input) => {
      writeFileSync(path, input);
      let [count, bytes] = [0, 0];
      try {
        for (const { raw, index, offset } of readBlocks(path, REGTEST.magic)) {
          assertEquals([index, equalBytes(input.subarray(offset + 8, offset + 8 + raw.length), raw)], [count++, true]);
          bytes += raw.length;
        }
      } catch (error) {
        if (!(error instanceof LocalError) || error.code !== "bad-file") throw error;
        assert(error.message.includes(path), error.message);
        return `${count}, then ${error.message.slice(error.message.lastIndexOf(": ") + 2).replaceAll(/[\d"].*/g, "")}`;
      }
      assert(bytes <= input.length);
      return `${count} blocks`;
    };
  },
};
