/**
 * When a node believes itself cut off, and what it does about it, with unit and reason.
 */

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** How often a node asks itself whether it is cut off: what it looks for lasts for half a minute at the least. */
export const PARTITION_INTERVAL_MS = 10 * SECOND;

/** Without a single peer for this long, something is wrong with us or the network, and not with a peer. */
export const NO_PEERS_MS = 30 * SECOND;

/** Peers may follow another chain for this long while ours does not grow: a race between two blocks ends with the next. */
export const DISAGREEMENT_MS = 5 * MINUTE;

/** How often the picture of the network is searched for parts that no way leads to: it costs milliseconds. */
export const SPLIT_VIEW_INTERVAL_MS = 10 * SECOND;

/** Nodes that vanish together and make a split of the network, if they are this share of all: fewer have just stopped. */
export const SPLIT_VIEW_NODES = 3;
export const SPLIT_VIEW_SHARE = 0.25;

/** Share of the nodes known before a split that must be reachable again before it counts as healed. */
export const SPLIT_HEALED_SHARE = 0.75;

/** Nodes that did not come back for so long have stopped: the network is smaller, and not split. */
export const SPLIT_VIEW_MAX_MS = 30 * MINUTE;

/** The tip is stale after so many intervals without a block: chance alone makes one gap of 400 as long. */
export const STALE_TIP_INTERVALS = 6;

/** Blocks that must have come before their mean interval means something, where the network prescribes none. */
export const MIN_INTERVAL_SAMPLES = 8;

/** Time for one step against a partition to show an effect; it doubles with each step, up to the longest pause. */
export const PARTITION_STEP_MS = 1 * MINUTE;
export const MAX_PARTITION_STEP_MS = 30 * MINUTE;

/** Outbound peers beyond the usual number while the network looks wrong. */
export const EXTRA_PEERS = 1;
