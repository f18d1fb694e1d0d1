/** Every number that shapes simulated networks, with unit and reason. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** How often the invariants are looked at, in virtual milliseconds: each look costs as much as a tick of every node. */
export const CHECK_INTERVAL_MS = 5 * SECOND;

/** Nodes that are looked at each time: all of a small network; in a large one each has its turn. */
export const CHECKED_NODES = 64;

/** Nodes start within so much time of each other, so that their ticks do not fall together. */
export const START_SPREAD_MS = 1 * SECOND;

/** Spread of the latencies of one pair of regions around their median, as a deviation of the logarithm: a third. */
export const LATENCY_SIGMA = 0.3;

/** Largest jitter of one piece, as a share of the way's latency. */
export const JITTER_SHARE = 0.1;

/** Share of pieces lost on an ordinary way; TCP turns them into a delay. */
export const LOSS_RATE = 0.001;

/** Bytes a second that a connection gets, by chance: an old line at home, a good one, a server. */
export const BANDWIDTHS = [1_250_000, 6_250_000, 62_500_000] as const;

/** Outbound connections of a node in a wired graph: as many full peers as a node has by default. */
export const GRAPH_OUTBOUND = 8;

/** Hashes of acknowledged blocks that are looked for after a crash: a day of blocks ten minutes apart, seven times. */
export const MAX_ACKNOWLEDGED = 1024;

/** Topology gossip tells everybody of everybody: above so many nodes it is switched off, or it would be all there is. */
export const MAX_GOSSIPING_NODES = 32;

/** Where topology is not to be told, the next time for it lies beyond every scenario. */
export const NEVER_MS = 1000 * 24 * 60 * MINUTE;

/** Beyond a timeout's own bound: two ticks, and the largest delay of a route that loses pieces. */
export const OVERDUE_SLACK_MS = 10 * SECOND;

/** After a fault a peer that is gone may be missed only by now: the time to the next ping, and the longest for its pong. */
export const AFTERMATH_MS = 6 * MINUTE;

/** After the last fault everybody must have one tip by then: the longest pause between dials, and a stall. */
export const HEALING_MS = 5 * MINUTE;

/** After `stop` nothing of a node may be left by then; it promises to need half of it. */
export const STOPPING_MS = 1 * SECOND;

/** Application requests under way at a node in the chaos scenario. */
export const MAX_ERRANDS = 32;

/** A day's width of clocks that are wrong, either side: blocks are refused whose time is two hours ahead of ours. */
export const MAX_CLOCK_SKEW_MS = 50 * MINUTE;

/** Runs that shrinking a failure may cost. */
export const MAX_SHRINK_RUNS = 64;
