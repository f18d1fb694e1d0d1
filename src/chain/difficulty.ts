import { MAX_RETARGET_FACTOR, MIN_DIFFICULTY_SPACINGS } from "../protocol/consensus.ts";
import { bitsFromTarget, TARGET_END, targetFromBits } from "../protocol/compact_target.ts";
import type { DifficultyRule, NetworkParams } from "../protocol/network_params.ts";

/** What the rules need to know of a block's ancestors. HeaderNode has this shape. */
export interface DifficultyNode {
  readonly height: number;
  readonly time: number;
  readonly bits: number;
  readonly parent: DifficultyNode | undefined;
  ancestor(height: number): DifficultyNode;
}

/** The number of hashes that it takes on average to meet a target. */
export function workOfTarget(target: bigint): bigint {
  return TARGET_END / (target + 1n);
}

/** The `bits` that a child of `parent` with this time must have. */
export function requiredBits(params: NetworkParams, parent: DifficultyNode, time: number): number {
  return RULES[params.difficulty](params, parent, time);
}

type Rule = (params: NetworkParams, parent: DifficultyNode, time: number) => number;

const RULES: { readonly [R in DifficultyRule]: Rule } = {
  main(params, parent) {
    return startsPeriod(params, parent) ? retarget(params, parent, parent.bits) : parent.bits;
  },
  testnet3(params, parent, time) {
    return startsPeriod(params, parent) ? retarget(params, parent, parent.bits) : testnetBits(params, parent, time);
  },
  // A period's first block never has the exceptional difficulty, so that one such block at a period's end cannot reset
  // the whole network's difficulty, as it does on testnet3 (BIP94).
  testnet4(params, parent, time) {
    if (!startsPeriod(params, parent)) return testnetBits(params, parent, time);
    return retarget(params, parent, firstOfPeriod(params, parent).bits);
  },
  none(_params, parent) {
    return parent.bits;
  },
};

/** Whether a child of `parent` is the first block of a retarget period. */
export function startsPeriod(params: NetworkParams, parent: { readonly height: number }): boolean {
  return (parent.height + 1) % params.retargetInterval === 0;
}

function firstOfPeriod(params: NetworkParams, last: DifficultyNode): DifficultyNode {
  return last.ancestor(last.height - (params.retargetInterval - 1));
}

/** The old target times the time that the period took, which runs from its first block to its last: one gap short. */
function retarget(params: NetworkParams, last: DifficultyNode, oldBits: number): number {
  const wanted = params.retargetInterval * params.spacingSeconds;
  const taken = last.time - firstOfPeriod(params, last).time;
  const bounded = Math.min(Math.max(taken, Math.trunc(wanted / MAX_RETARGET_FACTOR)), wanted * MAX_RETARGET_FACTOR);
  return scaledBits(params, oldBits, bounded, wanted);
}

function scaledBits(params: NetworkParams, bits: number, numerator: number, denominator: number): number {
  const limit = targetFromBits(params.powLimitBits)!;
  const scaled = (targetFromBits(bits)! * BigInt(numerator)) / BigInt(denominator);
  return bitsFromTarget(scaled < limit ? scaled : limit);
}

/** Least difficulty 20 minutes after the parent; else what the last block had that was not such an exception. */
function testnetBits(params: NetworkParams, parent: DifficultyNode, time: number): number {
  if (time > parent.time + MIN_DIFFICULTY_SPACINGS * params.spacingSeconds) return params.powLimitBits;
  let node = parent;
  while (node.parent && node.height % params.retargetInterval !== 0 && node.bits === params.powLimitBits) {
    node = node.parent;
  }
  return node.bits;
}

/**
 * Whether a block at `height` may have `bits` after a parent of `parentBits`, as far as can be told without the times
 * of its ancestors. Keeps a forger of headers from claiming much work with few of them.
 */
export function isPermittedTransition(
  params: NetworkParams,
  height: number,
  parentBits: number,
  bits: number,
): boolean {
  if (params.difficulty === "testnet3" || params.difficulty === "testnet4") return true;
  if (params.difficulty === "none" || height % params.retargetInterval !== 0) return bits === parentBits;
  const target = targetFromBits(bits);
  if (target === undefined || targetFromBits(parentBits) === undefined) return false;
  const wanted = params.retargetInterval * params.spacingSeconds;
  const easiest = scaledBits(params, parentBits, wanted * MAX_RETARGET_FACTOR, wanted);
  const hardest = scaledBits(params, parentBits, Math.trunc(wanted / MAX_RETARGET_FACTOR), wanted);
  return target <= targetFromBits(easiest)! && target >= targetFromBits(hardest)!;
}
