/** 5 s between two looks at a node's own figures: as often as a dashboard or Prometheus asks. */
export const METRICS_INTERVAL_MS = 5_000;

/** 1 min: what "now" means where a rate is told. Long enough for a steady figure, short enough to see a flood. */
export const RATE_WINDOW_MS = 60_000;

/** 1 h: what happens a few times an hour, such as peers that leave, needs that long to be a rate. */
export const SLOW_WINDOW_MS = 3_600_000;

/** 60 looks back over the slow window: one a minute. */
export const SLOW_WINDOW_SAMPLES = 60;

/** 5 min: a quantile covers this one and the one before, so at least five minutes and at most ten. */
export const QUANTILE_WINDOW_MS = 300_000;

/** 1 µs to 10 min: anything longer counts as that. */
export const MAX_TIME_MS = 600_000;

/** 2 digits: a quantile is right to a hundredth. */
export const TIME_DIGITS = 2;

/** One in 16 turns of a peer is timed: two readings of the clock, 0.1 to 0.3 µs, would be felt by small messages. */
export const TIMED_TURNS = 16;

/** One in 64 events is timed from its publication to its delivery. */
export const TIMED_EVENTS = 64;

/** Announced blocks whose first sight is remembered: far more than are ever under way at a synced node. */
export const MAX_SIGHTED_BLOCKS = 256;

/** Headers that come in larger lists are of a sync and no news. */
export const MAX_NEWS_HEADERS = 8;

/** 50 ms between two beats that measure how late the event loop is: 20 wake-ups a second are not to be felt. */
export const LOOP_BEAT_MS = 50;

/** 128 B for an entry of a set or a list, with the hash in it: what a peer's announcements and requests take here. */
export const HELD_ENTRY_BYTES = 128;
