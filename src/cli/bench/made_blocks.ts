import { Chain } from "../../chain/chain.ts";
import { buildBlock, solveBlock } from "../../chain/mine.ts";
import type { NetworkParams } from "../../protocol/network_params.ts";
import { MADE_TRANSACTION_BYTES, makeTransaction } from "../../simulation/made_transaction.ts";
import type { Hasher } from "../../util/hash.ts";
import { MS_PER_SECOND } from "../../util/units.ts";

/** A trivial target needs two tries on average; this many fail once in a lifetime of benches. */
const NONCE_TRIES = 1_024;

/** A chain of full blocks on a network without difficulty: payments of 250 bytes, as many as fit. */
export function makeBlocks(network: NetworkParams, hasher: Hasher, count: number, sizeBytes: number): Uint8Array[] {
  const chain = new Chain({ params: network, hasher });
  const nowSeconds = Math.floor(Date.now() / MS_PER_SECOND);
  const perBlock = Math.max(0, Math.floor(sizeBytes / MADE_TRANSACTION_BYTES) - 1);
  return Array.from({ length: count }, (_, height) => {
    const transactions = Array.from({ length: perBlock }, (_, i) => makeTransaction(height * perBlock + i));
    const time = nowSeconds - count + height;
    const plan = { params: network, hasher, parent: chain.tip, time, extraNonce: 0n, transactions };
    const solution = solveBlock(hasher, buildBlock(plan), NONCE_TRIES);
    if (solution.kind === "unsolved") throw new Error(`no nonce among ${NONCE_TRIES} for block ${height + 1}`);
    chain.acceptBlock(solution.raw, nowSeconds);
    return solution.raw;
  });
}
