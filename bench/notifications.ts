import { Encoder } from "cbor-x/index-no-eval";
import { Bus } from "../src/bus/bus.ts";
import { CHANNEL_CAPACITIES } from "../src/bus/channels.ts";
import { EVENT_CHANNELS } from "../src/node/events.ts";
import { NotifyPool } from "../src/node/notify/pool.ts";
import { createEnv } from "../src/platform/env.ts";
import { ownThreads } from "../src/platform/threads.ts";
import type { NodeEvents } from "../src/protocol/node_events.ts";
import { silentLogger } from "../src/util/env.ts";
import type { Row, Subject } from "./support.ts";

/** What one turn publishes: a block's worth of events. */
const BURST = 64;
const BURSTS = 400;
const WARMUP_BURSTS = 100;
const PERCENT_99 = 0.99;
const NS_PER_MS = 1e6;
const NS_PER_SECOND = 1e9;
const TYPE = "block:connected";
const EVENT: NodeEvents[typeof TYPE] = { hash: "ab".repeat(32) as NodeEvents[typeof TYPE]["hash"], height: 800_000 };

/**
 * What a publish costs the publisher when the handler runs in this thread and when it runs in the pool; and what the
 * rest costs at the end of the turn, by the ways in which events can cross.
 */
export const subject: Subject = {
  name: `events to a handler, ${BURST} a turn; the mean is the median`,
  async run() {
    return [
      await publishing("publish to a handler here", (bus) => Promise.resolve(bus.subscribe(TYPE, () => {}))),
      await publishing("publish to a handler in a thread", async (_bus, pool) => {
        return await pool.subscribe([TYPE], new URL("./notification_handler.ts", import.meta.url), {});
      }),
      crossing("an event of a batch, cloned", (batch) => structuredClone(batch)),
      crossing("an event of a batch, as CBOR and back", throughCbor()),
    ];
  },
};

/** Every single publish is timed: with the clock's own cost. */
async function publishing(
  name: string,
  subscribe: (bus: Bus<NodeEvents>, pool: NotifyPool) => Promise<Disposable>,
): Promise<Row> {
  const env = createEnv({ logger: () => silentLogger });
  const bus = new Bus<NodeEvents>({
    env,
    channelOf: EVENT_CHANNELS,
    mode: "segmented",
    capacities: CHANNEL_CAPACITIES,
  });
  const pool = new NotifyPool({ env, bus, threads: ownThreads });
  await subscribe(bus, pool);
  const times: number[] = [];
  for (let burst = 0; burst < WARMUP_BURSTS + BURSTS; burst++) {
    for (let i = 0; i < BURST; i++) {
      const startedAt = performance.now();
      bus.publish(TYPE, EVENT);
      const ms = performance.now() - startedAt;
      if (burst >= WARMUP_BURSTS) times.push(ms * NS_PER_MS);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  bus.close();
  await pool.stop();
  return rowOf(name, times, 1);
}

function crossing(name: string, cross: (batch: readonly unknown[]) => unknown): Row {
  const batch = Array.from({ length: BURST }, (_, i) => ({ type: TYPE, event: { ...EVENT, height: i } }));
  const times: number[] = [];
  for (let burst = 0; burst < WARMUP_BURSTS + BURSTS; burst++) {
    const startedAt = performance.now();
    cross(batch);
    if (burst >= WARMUP_BURSTS) times.push((performance.now() - startedAt) * NS_PER_MS);
  }
  return rowOf(name, times, BURST);
}

function throughCbor(): (batch: readonly unknown[]) => unknown {
  const encoder = new Encoder({ useRecords: false, tagUint8Array: false, variableMapSize: true });
  return (batch) => encoder.decode(encoder.encode(batch));
}

function rowOf(name: string, times: readonly number[], operations: number): Row {
  const sorted = times.toSorted((left, right) => left - right);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)]! / operations;
  return { name, unit: "events", perSecond: NS_PER_SECOND / at(1 / 2), meanNs: at(1 / 2), p99Ns: at(PERCENT_99) };
}
