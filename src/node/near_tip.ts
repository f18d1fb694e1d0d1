import type { Chain } from "../chain/chain.ts";
import { NEAR_TIP_BLOCKS } from "../protocol/sync_params.ts";
import { MS_PER_SECOND } from "../util/units.ts";

/**
 * Whether we lack the newest blocks at most. By the clock, since before the first peer nothing else tells. Networks
 * whose chain need not have any work are quiet for as long as they please: there, pruned peers will do at any time.
 */
export function isNearTip({ params, tip }: Pick<Chain, "params" | "tip">, wallClock: number): boolean {
  if (params.minimumChainWork === 0n) return true;
  return wallClock / MS_PER_SECOND - tip.header.time < NEAR_TIP_BLOCKS * params.spacingSeconds;
}
