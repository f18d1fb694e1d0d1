import type { ChannelUse } from "../../bus/bus.ts";
import type { Diagnosis } from "../../doctor/diagnosis.ts";
import type { ChainSnapshot } from "../../protocol/chain_snapshots.ts";
import type { PeerSnapshot } from "../../protocol/peer_snapshots.ts";
import type { Told } from "../inspect/columns.ts";

/** The parts of `GET /v1/node` that the live view shows. */
export interface NodeAnswer {
  readonly version: string;
  readonly network: string;
  readonly wire: string;
  readonly uptimeSeconds: number;
  readonly peers: { readonly inbound: number; readonly outbound: number };
  readonly refused: Readonly<Record<string, number>>;
  readonly evicted: number;
}

/** A node at one moment, as it says itself; another version may lack anything of it. */
export interface LiveData {
  readonly node: Told<NodeAnswer>;
  readonly peers: readonly Told<PeerSnapshot>[];
  readonly chain: Told<ChainSnapshot>;
  readonly channels: readonly Told<ChannelUse>[];
  /** Undefined where the node has none. */
  readonly doctor: Told<Diagnosis> | undefined;
}

/** Bytes a second, all peers together, the latest last. */
export interface History {
  readonly in: readonly number[];
  readonly out: readonly number[];
}

/** As many columns as the widest terminal has. */
const HISTORY_LENGTH = 500;

/** The history with one more moment. */
export function extendHistory(history: History, { peers }: LiveData): History {
  const sum = (of: "bytesIn" | "bytesOut") => peers.reduce((total, { rates }) => total + (rates?.[of] ?? 0), 0);
  const extend = (values: readonly number[], value: number) => [...values, value].slice(-HISTORY_LENGTH);
  return { in: extend(history.in, sum("bytesIn")), out: extend(history.out, sum("bytesOut")) };
}

/** The best height that any peer has shown the headers of; what it only claims does not count. */
export function bestPeerHeight({ peers }: LiveData): number {
  return peers.reduce((best, { provenHeight }) => Math.max(best, provenHeight ?? 0), 0);
}
