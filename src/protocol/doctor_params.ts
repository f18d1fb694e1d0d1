/** 1 %: above it a subscriber no longer sees what happens. */
export const MAX_LAG_SHARE = 0.01;

/** 80 % of a channel in use: the next burst will not fit. */
export const MAX_CHANNEL_USE = 0.8;

/** 30 % of announcements repeating others: handling them costs more than recognising them. */
export const MANY_DUPLICATES_SHARE = 0.3;

/** 150 peers: from there on the data of many can crowd the control events of each out of a common queue. */
export const MANY_PEERS = 150;

/** 100 ms from the first word of a block to its connection, in half of the cases. */
export const MAX_PROPAGATION_P50_MS = 100;

/** 500 ms in 99 of 100 cases. */
export const MAX_PROPAGATION_P99_MS = 500;

/** 10 MiB held for one peer: what its queues may hold is more, so this is a peer that does not keep up. */
export const MAX_PEER_MEMORY_BYTES = 10_485_760;

/** 1 % of a core for one peer's messages. */
export const MAX_PEER_CPU_SHARE = 0.01;

/** 5 % of the peers leaving in an hour. */
export const MAX_CHURN_PER_HOUR = 0.05;

/** 5 min of watching at least, before what happens a few times an hour is judged. */
export const MIN_CHURN_WINDOW_MS = 300_000;

/** 0.1 % of connected blocks coming with a reorganisation. */
export const MAX_REORGANISATION_SHARE = 0.001;

/** 1 % of blocks coming before their parents. */
export const MAX_ORPHAN_SHARE = 0.01;

/** 2: a single one is chance, whatever its share. */
export const MIN_BLOCK_MISHAPS = 2;

/** 100 ms of lateness in one turn of a hundred: pings and timeouts begin to suffer. */
export const MAX_LOOP_DELAY_P99_MS = 100;

/** 4 times the median of the others: distance explains half of it, trouble the rest. */
export const SLOW_PEER_FACTOR = 4;

/** 250 ms: below it a round trip is a matter of distance, around the world and back. */
export const SLOW_PEER_MIN_MS = 250;

/** 10 times the median of the others. */
export const FLOOD_FACTOR = 10;

/** Half of all that peers send. */
export const FLOOD_SHARE = 0.5;

/** 50 messages a second: a lively peer of a busy network stays below it. */
export const FLOOD_MIN_MESSAGES_PER_SECOND = 50;

/** 256 KiB a second, by somebody from whom we are not syncing. */
export const FLOOD_MIN_BYTES_PER_SECOND = 262_144;

/** 2 others at least are needed to say what is usual. */
export const MIN_OTHERS = 2;

/** 6 blocks: claims beyond what a peer could have seen before us. */
export const CLAIM_TOLERANCE_BLOCKS = 6;

/** 1 min to prove what was claimed in the handshake. */
export const CLAIM_PATIENCE_SECONDS = 60;

/** 30 points left of a fault or more: less is a slip, or long ago. */
export const OFFENDER_MIN_SCORE = 30;

/** 15 min: who was thrown out before that, and did not come back, is history. */
export const OFFENDER_RECENT_SECONDS = 900;

/** 6 times the usual time without a block comes once in 400 by chance. */
export const STALE_TIP_SPACINGS = 6;

/** 8 times its default is as far as a channel is enlarged: beyond it the subscriber is at fault, and memory is wasted. */
export const MAX_CAPACITY_FACTOR = 8;

/** The same advice 3 times in a row before it is followed: a burst is no reason. */
export const AUTOTUNE_STEADY_LOOKS = 3;

/** 1 min between two changes: the window holds nothing that was measured before the last one. */
export const AUTOTUNE_PAUSE_MS = 60_000;

/** 16 findings about peers: the worst of a thousand are enough to act on. */
export const MAX_PEER_FINDINGS = 16;

/** 1 s: who asks more often than that shares an answer, so that a hundred dashboards cost as much as one. */
export const MIN_LOOK_INTERVAL_MS = 1_000;

/** 80 % of the ring from a worker to the main thread: what peers send next waits in their sockets. */
export const MAX_RING_USE = 0.8;

/** In more than half of the looks of a window: what is seen once is a block that was checked, or another program. */
export const USUAL_SHARE = 0.5;
