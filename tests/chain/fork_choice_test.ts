import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { Chain } from "../../src/chain/chain.ts";
import type { ChainChange } from "../../src/chain/outcomes.ts";
import { createHasher } from "../../src/platform/hasher.ts";
import { REGTEST } from "../../src/protocol/networks.ts";
import type { Hash } from "../../src/util/hash.ts";
import { type MinedBlock, Miner, NOW } from "../support/mining.ts";
import { fc } from "../support/properties.ts";

const hasher = createHasher();

const MAX_BLOCKS = 24;

/** For each block but the genesis block, which of those before it is its parent, and the order in which blocks arrive. */
const scenario = fc.array(fc.nat(), { minLength: 1, maxLength: MAX_BLOCKS }).chain((parents) =>
  fc.record({
    // Recent parents make long branches that compete, which is where the rules differ.
    parents: fc.constant(parents.map((parent, i) => Math.max(i - (parent % 4), 0))),
    arrival: fc.shuffledSubarray(parents.map((_, i) => i), { minLength: parents.length }),
    invalid: fc.option(fc.nat(parents.length - 1), { nil: undefined }),
  })
);

function mineTree(parents: readonly number[]): MinedBlock[] {
  const miner = new Miner();
  const nodes = [miner.chain.genesis];
  return parents.map((parent) => {
    const block = miner.mine(nodes[parent]!);
    nodes.push(block.node);
    return block;
  });
}

/** Fork choice as one would say it: of all chains held in full, most work; the present one, then first seen. */
class NaiveChain {
  tip: Hash = REGTEST.genesisHash;
  readonly #tree: ReadonlyMap<Hash, MinedBlock>;
  readonly #held = new Set<Hash>([REGTEST.genesisHash]);
  readonly #invalid = new Set<Hash>();

  constructor(blocks: readonly MinedBlock[]) {
    this.#tree = new Map(blocks.map((block) => [block.hash, block]));
  }

  hold(hash: Hash): void {
    this.#held.add(hash);
    this.#choose();
  }

  invalidate(hash: Hash): void {
    this.#invalid.add(hash);
    if (!this.path(this.tip).every((block) => !this.#invalid.has(block))) this.tip = REGTEST.genesisHash;
    this.#choose();
  }

  path(hash: Hash): Hash[] {
    const block = this.#tree.get(hash);
    return block === undefined ? [hash] : [...this.path(block.header.previous), hash];
  }

  #choose(): void {
    for (const hash of this.#tree.keys()) {
      const path = this.path(hash);
      const whole = path.every((block) => this.#held.has(block) && !this.#invalid.has(block));
      if (whole && path.length > this.path(this.tip).length) this.tip = hash;
    }
  }
}

/** Follows the active chain by what each change says alone. */
class Follower {
  readonly path: Hash[] = [REGTEST.genesisHash];

  follow(change: ChainChange): void {
    for (const node of change.disconnected) assertEquals(this.path.pop(), node.hash);
    for (const node of change.connected) {
      assertEquals([node.parent!.hash, node.height], [this.path.at(-1), this.path.length]);
      this.path.push(node.hash);
    }
  }
}

function activePath(chain: Chain): Hash[] {
  return Array.from({ length: chain.tip.height + 1 }, (_, height) => chain.nodeAt(height)!.hash);
}

test("fork choice: headers first, then blocks in any order, is what the naive model says at every step", () => {
  fc.assert(
    fc.property(scenario, ({ parents, arrival, invalid }) => {
      const blocks = mineTree(parents);
      const chain = new Chain({ params: REGTEST, hasher });
      const naive = new NaiveChain(blocks);
      const follower = new Follower();
      for (const block of blocks) chain.acceptHeader(block.header, NOW);
      for (const i of arrival) {
        const outcome = chain.acceptBlock(blocks[i]!.raw, NOW);
        assert("change" in outcome);
        follower.follow(outcome.change);
        naive.hold(blocks[i]!.hash);
        assertEquals(activePath(chain), naive.path(naive.tip));
        assertEquals(follower.path, naive.path(naive.tip));
      }
      if (invalid === undefined) return;
      follower.follow(chain.invalidate(blocks[invalid]!.hash));
      naive.invalidate(blocks[invalid]!.hash);
      assertEquals([chain.tip.hash, follower.path.at(-1)], [naive.tip, naive.tip]);
    }),
    { numRuns: 150 },
  );
});

test("fork choice: blocks in any order, orphans among them, end at a chain of most work", () => {
  fc.assert(
    fc.property(scenario, ({ parents, arrival }) => {
      const blocks = mineTree(parents);
      const chain = new Chain({ params: REGTEST, hasher });
      const follower = new Follower();
      const stored: Hash[] = [];
      for (const i of arrival) {
        const outcome = chain.acceptBlock(blocks[i]!.raw, NOW);
        if (!("change" in outcome)) continue;
        follower.follow(outcome.change);
        stored.push(...outcome.change.blocks.map((block) => block.node.hash));
      }
      assertEquals(chain.tip.height, Math.max(...blocks.map((block) => block.node.height)));
      assertEquals(follower.path, activePath(chain));
      assertEquals(stored.toSorted(), blocks.map((block) => block.hash).toSorted(), "each block is stored once");
      assertEquals(chain.orphans, { count: 0, sizeBytes: 0 });
    }),
    { numRuns: 100 },
  );
});

test("fork choice: a chain restored at any moment has the same tip and goes on alike", () => {
  fc.assert(
    fc.property(scenario, fc.nat(MAX_BLOCKS), ({ parents, arrival }, moment) => {
      const blocks = mineTree(parents);
      const chain = new Chain({ params: REGTEST, hasher });
      for (const block of blocks) chain.acceptHeader(block.header, NOW);
      for (const i of arrival.slice(0, moment)) chain.acceptBlock(blocks[i]!.raw, NOW);
      const restored = new Chain({ params: REGTEST, hasher });
      const records = blocks.map(({ hash, raw }) => ({
        hash,
        raw: raw.slice(0, 80),
        invalid: false,
        blockSize: chain.get(hash)!.hasBlock ? raw.length : 0,
      }));
      restored.restore(records, chain.tip.hash);
      assertEquals(activePath(restored), activePath(chain));
      assertEquals(restored.bestHeader.hash, chain.bestHeader.hash);
      for (const i of arrival.slice(moment)) {
        chain.acceptBlock(blocks[i]!.raw, NOW);
        restored.acceptBlock(blocks[i]!.raw, NOW);
        assertEquals(activePath(restored), activePath(chain));
      }
    }),
    { numRuns: 100 },
  );
});
