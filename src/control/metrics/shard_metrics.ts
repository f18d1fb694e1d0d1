import type { ShardSnapshot } from "../../protocol/peer_snapshots.ts";
import { counter, type Definition, gauge } from "./definition.ts";
import type { Sample } from "./samples.ts";
import { MS_PER_SECOND } from "../../util/units.ts";

/** The threads that connections are in; nothing where the node has none. */
export const SHARD_METRICS: readonly Definition[] = [
  gauge("shard_up", "1 while the worker serves.", ofShards(({ state }) => state === "running" ? 1 : 0)),
  gauge("shard_peers", "Connections in the worker.", ofShards(({ peers }) => peers)),
  gauge(
    "shard_ring_usage_ratio",
    "Share of the ring that is full, to the worker and to the main thread.",
    ({ vitals: { shards } }) =>
      shards.flatMap(({ id, ringUse: { toShard, toMain } }) =>
        [["shard", toShard], ["main", toMain]].flatMap(([to, value]) =>
          typeof value === "number" ? [{ value, labels: { shard: String(id), to: String(to) } }] : []
        )
      ),
  ),
  gauge("shard_waiting_bytes", "Bytes that wait for room in the ring to it.", ofShards((shard) => shard.waitingBytes)),
  gauge(
    "shard_event_loop_delay_seconds",
    "How late the worker's event loop was when it last reported.",
    ofShards(({ delayMs }) => delayMs / MS_PER_SECOND),
  ),
  counter(
    "shard_restarts",
    "Times that the worker failed and another took its place.",
    ofShards((shard) => shard.restarts),
  ),
];

function ofShards(read: (shard: ShardSnapshot) => number): Definition["read"] {
  return ({ vitals: { shards } }): readonly Sample[] =>
    shards.map((shard) => ({ value: read(shard), labels: { shard: String(shard.id) } }));
}
