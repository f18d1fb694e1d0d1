/** Event channels by falling rank. */
export const CHANNELS = ["control", "sync", "inventory", "data"] as const;
/** One of them; see `CHANNELS`. */
export type Channel = (typeof CHANNELS)[number];
/** Something for each channel. */
export type PerChannel<T> = { [C in Channel]: T };

export function byChannel<T>(make: (channel: Channel) => T): PerChannel<T> {
  return { control: make("control"), sync: make("sync"), inventory: make("inventory"), data: make("data") };
}

/** `segmented`: a queue a channel. `single`: one queue for all, so that both designs can be compared under load. */
export const CHANNEL_MODES = ["segmented", "single"] as const;
/** One of them; see `CHANNEL_MODES`. */
export type ChannelMode = (typeof CHANNEL_MODES)[number];

/** Events that may wait for one subscriber: the rarer a kind of event, the sooner a backlog is a fault to see. */
export const CHANNEL_CAPACITIES: Readonly<PerChannel<number>> = {
  control: 256,
  sync: 512,
  inventory: 1024,
  data: 4096,
};

/**
 * 16 MiB of payloads that may wait for one subscriber in one channel: sixteen of the largest messages. Strangers choose
 * their size; 4,096 of a mebibyte each would be 4 GiB.
 */
export const CHANNEL_BYTES = 16 * 1024 * 1024;

/** Events that an owner may let wait for one subscriber in one channel: more would hide a reader that hangs. */
export const MAX_CHANNEL_CAPACITY = 1_048_576;

/** Events of all kinds that may wait for one subscriber in single-channel mode. */
export const SINGLE_CHANNEL_CAPACITY = 2048;

/**
 * Events delivered to one subscriber before others have their turn: twice what one peer may cause in a turn of its own
 * (TURN_MESSAGES). With less, a subscriber that does keep up would still miss messages of a fast peer (p2p bench
 * throughput).
 */
export const DELIVERIES_PER_TURN = 2048;
