import type { Peer } from "../peer/peer.ts";

/** The more useful first: the newest block, then the shorter way, then the longer connection. */
export function byUse(left: Peer, right: Peer): number {
  const byBlock = left.usefulAt.block === right.usefulAt.block ? 0 : right.usefulAt.block - left.usefulAt.block;
  return byBlock || slowness(left) - slowness(right) || left.id - right.id;
}

/** Milliseconds of a usual round trip; who never answered is the slowest. */
function slowness(peer: Peer): number {
  return peer.liveness.roundTrips.smoothed ?? Number.MAX_VALUE;
}
