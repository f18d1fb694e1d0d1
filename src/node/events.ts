import { Bus } from "../bus/bus.ts";
import { type Channel, CHANNEL_CAPACITIES } from "../bus/channels.ts";
import type { NodeEvents } from "../protocol/node_events.ts";
import type { Env } from "../util/env.ts";
import type { NodeOptions } from "./types.ts";

/** The channel of each event. Control events are few and always wanted; chain events are the sync channel's. */
export const EVENT_CHANNELS: { readonly [T in keyof NodeEvents]: Channel } = {
  "node:failed": "control",
  "partition:suspected": "control",
  "partition:step": "control",
  "partition:healed": "control",
  "shard:failed": "control",
  "shard:started": "control",
  "autotune:applied": "control",
  "peer:connected": "control",
  "peer:disconnected": "control",
  "peer:ping": "control",
  "peer:pong": "control",
  "peer:writable": "control",
  "block:connected": "sync",
  "block:disconnected": "sync",
  "chain:reorganised": "control",
  "chain:tip": "sync",
  "sync:progress": "sync",
  "transaction:seen": "inventory",
  "sync:done": "sync",
  "app:message": "data",
};

/** The bus on which the owner hears what happens. */
export function createNodeBus(
  env: Env,
  { channels: mode = "segmented", channelCapacities }: Pick<NodeOptions, "channels" | "channelCapacities">,
  onSubscribers: () => void,
): Bus<NodeEvents> {
  const capacities = { ...CHANNEL_CAPACITIES, ...channelCapacities };
  return new Bus({ env, channelOf: EVENT_CHANNELS, mode, capacities, onSubscribers });
}
