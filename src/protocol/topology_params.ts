/** Every number that shapes how the topology of the network is learnt, with unit and reason. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Nodes that are remembered, with us: a picture that a person can still look at, in a megabyte. */
export const MAX_TOPOLOGY_NODES = 1024;

/** Links of a node of which a single peer tells that are shown: a usual node dials 10, and a liar fills no megabytes. */
export const MAX_HEARSAY_LINKS = 16;

/** In a part of the network of so many nodes the longest way is found by a search from each; each visits all links. */
export const EXACT_DIAMETER_NODES = 100;

/** In larger ones it is looked for so many times from the far end of the way before: two nearly always find it. */
export const DIAMETER_SWEEPS = 4;

/** Addresses of nodes known by nothing but address gossip that are remembered beside them. */
export const MAX_CRAWLED_NODES = 1024;

/** Reports about one node that are kept, each of another peer: enough to outvote one that lies. */
export const MAX_TOPOLOGY_REPORTS = 4;

/** How often topology is looked after: what is new is sent, what is old is forgotten. */
export const TOPOLOGY_INTERVAL_MS = 2 * SECOND;

/** Who comes within this time of another hears the same of us: in a storm of connections all links change all the time. */
export const OBSERVE_PAUSE_MS = 1 * SECOND;

/** How often our use of resources is measured, for others to know. */
export const STATISTICS_INTERVAL_MS = 5 * SECOND;

/** A node tells of itself at least this often, though nothing has changed. */
export const TOPOLOGY_REFRESH_MS = 1 * MINUTE;

/** A node of which nothing was heard for so long is gone: two refreshes and half, as one may be lost. */
export const TOPOLOGY_TTL_MS = 150 * SECOND;

/** An address that nobody told us again for so long is forgotten. */
export const CRAWLED_TTL_MS = 60 * MINUTE;

/** A report of a node of which nothing changed is passed on if it is younger than the last one by so much. */
export const TOPOLOGY_FRESHER_MS = 15 * SECOND;

/** What is news about a node counts before what others still say of it for so long: ten hops at a tick each, and half. */
export const NEWS_AHEAD_MS = 30 * SECOND;

/** A reporter whose last change of mind is not so long ago is not ahead of others: nodes refresh once in that time. */
export const NEWS_PAUSE_MS = 1 * MINUTE;

/** A report that is older than the newest one by so much has no vote: a refresh, and half of one on the way. */
export const VOTE_AGE_MS = 90 * SECOND;

/** Records that one peer may tell at once: all that it remembers, twice. */
export const TOPOLOGY_BURST = 2048;

/** Records a second that one peer may tell in the long run: 16 times what it takes to refresh 500 nodes a minute. */
export const TOPOLOGY_RATE = 128;

/** A change of our use of resources by this share is worth telling our peers. */
export const LOAD_STEP = 0.1;

/** Children of one node in a broadcast tree, unless more or fewer are asked for. */
export const DEFAULT_FANOUT = 4;
