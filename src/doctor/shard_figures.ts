import { MAX_LOOP_DELAY_P99_MS, MAX_RING_USE, USUAL_SHARE } from "../protocol/doctor_params.ts";
import type { ShardSnapshot } from "../protocol/peer_snapshots.ts";
import type { Vitals } from "./vitals.ts";

/** What the threads that connections are in did in a window. */
export interface ShardFigures {
  /** How often one of them ended and was to be replaced. */
  readonly failures: number;
  /** Numbers of those whose event loop was late in most of the looks. */
  readonly late: readonly number[];
  /** Numbers of those whose ring to the main thread was full in most of them. */
  readonly full: readonly number[];
}

/** From the oldest look to the newest, of which there is one at least. */
export function shardFiguresOf(recent: readonly Vitals[]): ShardFigures {
  const [base, now] = [recent[0]!, recent.at(-1)!];
  const usually = (holds: (shard: ShardSnapshot) => boolean) =>
    now.shards.map(({ id }) => id).filter((id) => {
      const looks = recent.flatMap(({ shards }) => shards.filter((shard) => shard.id === id));
      return looks.filter(holds).length > USUAL_SHARE * looks.length;
    });
  return {
    failures: restartsOf(now) + downOf(now) - restartsOf(base) - downOf(base),
    late: usually(({ delayMs }) => delayMs > MAX_LOOP_DELAY_P99_MS),
    full: usually(({ ringUse }) => (ringUse.toMain ?? 0) > MAX_RING_USE),
  };
}

function restartsOf({ shards }: Vitals): number {
  return shards.reduce((sum, { restarts }) => sum + restarts, 0);
}

/** One that is down has failed, and is not counted as started again yet. */
function downOf({ shards }: Vitals): number {
  return shards.filter(({ state }) => state === "down").length;
}
