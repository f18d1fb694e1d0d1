/**
 * Whom a node is connected to, who may come, and who has to leave, with unit and reason.
 */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Peers that may connect to us; as Bitcoin's 125 less the outbound ones, so that crawlers find familiar numbers. */
export const DEFAULT_MAX_INBOUND = 117;

/** Peers that may connect to a seed: strangers stay for moments, and a 32 KiB each is nothing to a machine. */
export const SEED_MAX_INBOUND = 1000;

/** Peers that an owner may ask for, either way: far above what a machine holds; a slip of the finger lies above. */
export const MAX_OPTION_PEERS = 100_000;

/** Peers that we dial: eight that relay everything and two for blocks only. */
export const DEFAULT_MAX_OUTBOUND = 10;

/** Of those, peers for blocks only. Two survive the loss of one, and one liar among them is found out by the other. */
export const BLOCK_ONLY_PEERS = 2;

/** With fewer peers for everything, nobody new is dialled for blocks only: half of the usual 8 reach a small network. */
export const FEW_PEERS = 4;

/** A peer for blocks that stood so long, while nobody else was found, becomes one for everything: dials take 20 s. */
export const BLOCK_ONLY_PATIENCE_MS = 30 * SECOND;

/** Inbound peers of one address (IPv6: one /64): the nodes of a household or an office behind one NAT. */
export const DEFAULT_MAX_PER_ADDRESS = 8;

/** Inbound peers of one network group: the honest customers of a large provider; a quarter of the table at most. */
export const DEFAULT_MAX_PER_GROUP = 32;

/** Dials under way at once: each may wait for seconds for an address that is long gone. */
export const MAX_DIALS_UNDER_WAY = 8;

/** Addresses looked at to fill one place before the next second: most are refused in small networks only. */
export const SELECTIONS_PER_PLACE = 32;

/** Mean time between two feelers: 720 addresses a day are tried, and one warm spare is never old. */
export const FEELER_INTERVAL_MS = 2 * MINUTE;

/** Endpoints whose next dial has to wait: more than can fail within the longest pause. */
export const MAX_RESTING_ENDPOINTS = 1000;

/** Inbound peers that eviction spares, one for each of so many groups: which ones, a secret decides. */
export const SPARED_GROUPS = 4;

/** Inbound peers that eviction spares for the lowest ping: to be near us, one has to be near us. */
export const SPARED_BY_PING = 8;

/** Inbound peers that eviction spares for the newest useful transactions, and for the newest useful blocks. */
export const SPARED_BY_TRANSACTIONS = 4;
export const SPARED_BY_BLOCKS = 4;

/** Inbound peers for blocks only, spared for the newest useful blocks: they cannot be useful in any other way. */
export const SPARED_BLOCK_ONLY = 8;

/** Share of the other inbound peers that eviction spares because they have been here longest. */
export const SPARED_SHARE_BY_AGE = 0.5;

/** Of that share, the part for networks with few peers (onion, I2P, CJDNS, local), whose pings never win. */
export const SPARED_SHARE_BY_NETWORK = 0.5;

/** Score at which an address is discouraged. The weights of faults stand in penalties.ts. */
export const MISBEHAVIOUR_LIMIT = 100;

/** A score halves in this time: faults of honest nodes are hours apart, those of attackers seconds. */
export const MISBEHAVIOUR_HALF_LIFE_MS = 1 * HOUR;

/** A score below half a point is none: the lightest fault is forgotten after some three hours, the gravest after eight. */
export const MIN_MISBEHAVIOUR_SCORE = 0.5;

/** A discouraged address is left alone for this long: addresses change owners within days. */
export const DISCOURAGEMENT_MS = 24 * HOUR;

/** Discouraged addresses remembered; beyond it the oldest are forgotten. */
export const MAX_DISCOURAGED = 50_000;

/** Addresses with a score; beyond it the one whose last fault is oldest is forgotten. */
export const MAX_SCORED = 10_000;

/** Of them, so many are listed for the owner, who did something last first. */
export const MAX_LISTED_OFFENDERS = 100;

/** How long a ban lasts where nobody says. */
export const DEFAULT_BAN_MS = 24 * HOUR;

/** Bans kept; whoever needs more bans ranges. Each costs a look-up at most by the length of its prefix. */
export const MAX_BANS = 10_000;

/** Characters of the reason of a ban: a sentence. */
export const MAX_BAN_REASON_LENGTH = 256;

/** Endpoints remembered to lead where another connection leads: far more than a node has addresses and ports. */
export const MAX_SECOND_ENDPOINTS = 1000;

/** A connection that lasted this long counts as a success: the next dial after its loss need not wait. */
export const STABLE_CONNECTION_MS = 1 * MINUTE;

/** Endpoints remembered at which we met ourselves: names and addresses of one machine. */
export const MAX_OWN_ENDPOINTS = 64;

/** First pause before a lost peer is dialled again. */
export const REDIAL_MIN_MS = 1 * SECOND;

/** Longest pause between two dials of the same peer. */
export const REDIAL_MAX_MS = 2 * MINUTE;

/** Share of a pause that chance may add or take, so that a restarted network does not dial in step. */
export const REDIAL_JITTER = 0.25;
