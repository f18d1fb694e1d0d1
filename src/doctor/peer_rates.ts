import type { PeerSnapshot } from "../protocol/peer_snapshots.ts";
import type { Observation } from "./diagnosis.ts";
import { markOf, type PeerMark } from "./window.ts";
import { MS_PER_SECOND } from "../util/units.ts";

/** What one peer did of late, a second. */
export interface PeerRate {
  readonly peer: PeerSnapshot;
  readonly messages: number;
  readonly bytes: number;
  /** Of a core. */
  readonly cpuShare: number;
  /** Frames for it that were dropped, in all. */
  readonly dropped: number;
}

const NOTHING: PeerMark = { messages: 0, bytes: 0, cpuMs: 0, dropped: 0 };

/** Of peers whose handshake is done; none before there was time to compare. */
export function ratesOf({ peers, marks, marksSeconds }: Observation): readonly PeerRate[] {
  if (marksSeconds <= 0) return [];
  return peers.filter(({ state }) => state === "ready").map((peer) => {
    const before = marks.get(peer.id) ?? NOTHING;
    const now = markOf(peer);
    return {
      peer,
      messages: (now.messages - before.messages) / marksSeconds,
      bytes: (now.bytes - before.bytes) / marksSeconds,
      cpuShare: (now.cpuMs - before.cpuMs) / (marksSeconds * MS_PER_SECOND),
      dropped: now.dropped - before.dropped,
    };
  });
}

export function cpuShares(observation: Observation): readonly number[] {
  return ratesOf(observation).map(({ cpuShare }) => cpuShare);
}

/** The middle one; of an even number the lower. Undefined of none. */
export function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
}
