import { Chain } from "../../chain/chain.ts";
import { buildBlock, solveBlock } from "../../chain/mine.ts";
import type { NetworkParams } from "../../protocol/network_params.ts";
import { ByteWriter } from "../../util/bytes.ts";
import { HASH_SIZE_BYTES, type Hasher } from "../../util/hash.ts";

/** As an ordinary payment. */
const TRANSACTION_BYTES = 250;
/** Everything of a transaction with one input and one output but the script of the input. */
const FRAME_BYTES = 63;
const SCRIPT_BYTES = TRANSACTION_BYTES - FRAME_BYTES;
const FINAL_SEQUENCE = 0xffff_ffff;
/** A trivial target needs two tries on average; this many fail once in a lifetime of benches. */
const NONCE_TRIES = 1_024;
const MS_PER_SECOND = 1_000;

/** A chain of full blocks on a network without difficulty: payments of 250 bytes, as many as fit. */
export function makeBlocks(network: NetworkParams, hasher: Hasher, count: number, sizeBytes: number): Uint8Array[] {
  const chain = new Chain({ params: network, hasher });
  const nowSeconds = Math.floor(Date.now() / MS_PER_SECOND);
  const perBlock = Math.max(0, Math.floor(sizeBytes / TRANSACTION_BYTES) - 1);
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

/** Spends what never was: scripts and amounts are not verified. No two numbers give the same. */
export function makeTransaction(number: number): Uint8Array {
  const outpoint = new Uint8Array(HASH_SIZE_BYTES);
  new DataView(outpoint.buffer).setUint32(0, number + 1, true);
  return new ByteWriter(TRANSACTION_BYTES)
    .uint32(2)
    .varInt(1).raw(outpoint).uint32(0)
    .varInt(SCRIPT_BYTES).raw(new Uint8Array(SCRIPT_BYTES)).uint32(FINAL_SEQUENCE)
    .varInt(1).uint64(1n).varInt(0)
    .uint32(0)
    .finish();
}
