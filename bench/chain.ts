import { Chain } from "../src/chain/chain.ts";
import { buildBlock, solveBlock } from "../src/chain/mine.ts";
import { createHasher } from "../src/platform/hasher.ts";
import { type BlockHeader, readBlockHeader } from "../src/protocol/block_header.ts";
import { REGTEST } from "../src/protocol/networks.ts";
import { ByteReader } from "../src/util/bytes.ts";
import type { Hasher } from "../src/util/hash.ts";
import { type Candidate, type Subject, timed } from "./support.ts";

/** As many as one message of headers can bring. */
const BLOCKS = 2_000;
const SPACING_SECONDS = 600;
const NONCES = 1_000_000;
/** Unix seconds, after all blocks. */
const NOW = 2_000_000_000;
/** Blocks that a sync looks ahead for. */
const WINDOW = 1_024;

/** What it costs to believe: headers, and blocks of one transaction, every hash included. */
export const subject: Subject = timed("chain", () => {
  const hasher = createHasher();
  const { raws, headers } = mineChain(hasher);
  const syncing = newChain(hasher);
  syncing.acceptHeaders(headers, NOW);
  return [
    { name: "headers accepted", operations: BLOCKS, run: () => newChain(hasher).acceptHeaders(headers, NOW) },
    { name: "blocks accepted", operations: BLOCKS, run: () => acceptAll(newChain(hasher), raws) },
    { name: "blocks accepted, last one first", operations: BLOCKS, run: () => acceptBackwards(hasher, headers, raws) },
    { name: `next ${WINDOW} missing blocks`, run: () => syncing.missingBlocks(WINDOW) },
    { name: "locator", run: () => syncing.locator() },
  ] satisfies Candidate[];
});

function newChain(hasher: Hasher): Chain {
  return new Chain({ params: REGTEST, hasher });
}

function acceptAll(chain: Chain, raws: readonly Uint8Array[]): Chain {
  for (const raw of raws) chain.acceptBlock(raw, NOW);
  return chain;
}

function acceptBackwards(hasher: Hasher, headers: readonly BlockHeader[], raws: readonly Uint8Array[]): Chain {
  const chain = newChain(hasher);
  chain.acceptHeaders(headers, NOW);
  return acceptAll(chain, raws.toReversed());
}

function mineChain(hasher: Hasher): { raws: Uint8Array[]; headers: BlockHeader[] } {
  const chain = newChain(hasher);
  const raws: Uint8Array[] = [];
  for (let i = 0; i < BLOCKS; i++) {
    const time = chain.tip.time + SPACING_SECONDS;
    const draft = buildBlock({ params: REGTEST, hasher, parent: chain.tip, time, extraNonce: 0n });
    const solution = solveBlock(hasher, draft, NONCES);
    if (solution.kind === "unsolved") throw new Error(`no nonce among ${NONCES}`);
    chain.acceptBlock(solution.raw, NOW);
    raws.push(solution.raw);
  }
  return { raws, headers: raws.map((raw) => readBlockHeader(new ByteReader(raw))) };
}
