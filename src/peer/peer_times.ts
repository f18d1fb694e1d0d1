import { MAX_TIME_MS, QUANTILE_WINDOW_MS, TIME_DIGITS } from "../protocol/vitals_params.ts";
import { RecentTimes } from "../util/recent_times.ts";
import type { TimeSink } from "../util/time_counts.ts";

/** How long the peers' queues make something wait, over all peers. */
export interface PeerTimes<T extends TimeSink = TimeSink> {
  /** From what was left of a turn to the next one. */
  readonly turns: T;
  /** From a connection that takes no more to one that does. */
  readonly writes: T;
}

export function createPeerTimes(): PeerTimes<RecentTimes> {
  return { turns: nodeTimes(), writes: nodeTimes() };
}

/** Times of a node's own figures: all have one window and one scale. */
export function nodeTimes(): RecentTimes {
  return new RecentTimes({ windowMs: QUANTILE_WINDOW_MS, maxMs: MAX_TIME_MS, digits: TIME_DIGITS });
}
