import { MS_PER_SECOND } from "../util/units.ts";

/**
 * Numbers of the address book and of everything that fills it. Most are those that Bitcoin's nodes agree on in practice:
 * a book of another shape would be no safer, and one that answers otherwise would stand out. Times that are compared with
 * what other nodes say are in seconds, as on the wire.
 */

const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 60 * MINUTE_SECONDS;
const DAY_SECONDS = 24 * HOUR_SECONDS;

/** Buckets of addresses that we were told of. One group of sources reaches NEW_BUCKETS_PER_SOURCE of them. */
export const NEW_BUCKETS = 1024;

/** Buckets of addresses that answered us. One group of addresses reaches TRIED_BUCKETS_PER_GROUP of them. */
export const TRIED_BUCKETS = 256;

/** Addresses in a bucket: 65,536 new and 16,384 tried ones in all, some 40 MB when full (`bun bench held`). */
export const BUCKET_SLOTS = 64;

/** Whoever owns one group of addresses can fill at most 1/16 of the new table by telling us of others. */
export const NEW_BUCKETS_PER_SOURCE = 64;

/** Addresses of one group fill at most 1/32 of the tried table, however many of them answer. */
export const TRIED_BUCKETS_PER_GROUP = 8;

/** Places of one address in the new table: more sources make it likelier to be chosen, to this extent. */
export const NEW_PLACES_PER_ADDRESS = 8;

/** An address that nobody has heard of for so long is given up: as long as a node may be on holiday. */
export const HORIZON_SECONDS = 30 * DAY_SECONDS;

/** Failed dials after which an address that never answered is given up. */
export const MAX_RETRIES = 3;

/** Failed dials, over MIN_FAIL_SECONDS, after which an address that did answer once is given up. */
export const MAX_FAILURES = 10;

/** A week: a node may move house. */
export const MIN_FAIL_SECONDS = 7 * DAY_SECONDS;

/** An address that was dialled in the last minute is not given up: the answer may be under way. */
export const RECENT_TRY_SECONDS = 1 * MINUTE_SECONDS;

/** An address that was dialled in the last ten minutes is chosen a hundred times less often. */
export const RETRY_PAUSE_SECONDS = 10 * MINUTE_SECONDS;

/** Newcomers that wait until the one whose place in the tried table they want was dialled. */
export const MAX_CHALLENGERS = 10;

/** One that answered within so long keeps its place in the tried table. */
export const INCUMBENT_SECONDS = 4 * HOUR_SECONDS;

/** A newcomer that waited for so long gets the place untested. */
export const CHALLENGE_SECONDS = 40 * MINUTE_SECONDS;

/** What we are told is taken for older by so much, so that it takes news to stay in the book. */
export const GOSSIP_PENALTY_SECONDS = 2 * HOUR_SECONDS;

/** A time further ahead than this is no time: clocks that are honestly wrong stay within. */
export const MAX_FUTURE_SECONDS = 10 * MINUTE_SECONDS;

/** What an address counts for whose time is none. */
export const UNKNOWN_AGE_SECONDS = 5 * DAY_SECONDS;

/** The time of a connected peer's address is moved so seldom, so that answers do not show whom we are connected to. */
export const CONNECTED_UPDATE_SECONDS = 20 * MINUTE_SECONDS;

/** Share of the book that one answer to getaddr may have. */
export const ANSWER_SHARE = 0.23;

/** A book of so few addresses is no secret, and a network of so few nodes needs them all. */
export const ANSWER_FLOOR = 100;

/** An answer to getaddr is given to everybody for about a day: asking again and again reveals nothing more. */
export const ANSWER_CACHE_MS = 24 * HOUR_SECONDS * MS_PER_SECOND;

/** A seed lives from giving different answers, and has nothing to hide. */
export const SEED_ANSWER_CACHE_MS = 10 * MINUTE_SECONDS * MS_PER_SECOND;

/** Addresses a second that one peer may tell us, in the long run: ten times what honest ones have to tell. */
export const ADDRESS_RATE = 0.1;

/** Addresses that a peer may tell us at once after it was silent, and the answer to our getaddr: a full message. */
export const ADDRESS_BURST = 1000;

/** Addresses that a peer may tell us at once when it connects: its own, in each network, and a few others. */
export const ADDRESS_START = 10;

/** Only small messages of fresh addresses are news to pass on; large ones are answers to getaddr. */
export const MAX_RELAYED_ADDRESSES = 10;

/** An address heard of within ten minutes is news. */
export const RELAY_AGE_SECONDS = 10 * MINUTE_SECONDS;

/** Peers that news is passed on to: it spreads, and a flood does not. Of a network that we cannot dial: one. */
export const RELAY_PEERS = 2;

/** The peers to whom an address is passed on change after a day. */
export const RELAY_PERIOD_SECONDS = DAY_SECONDS;

/** Mean pause between two messages with news to one peer: enough to hide where it came from. */
export const RELAY_PAUSE_MS = 30 * MS_PER_SECOND;

/** Addresses that a peer is known to know, at the least: those of one full message. */
export const KNOWN_ADDRESSES = 1000;

/** Addresses of our own that are recognised when they come back: more than a machine has, and few for who lies to us. */
export const MAX_OWN_ADDRESSES = 100;

/** Mean pause between two announcements of our own address to one peer. */
export const SELF_ANNOUNCE_MS = DAY_SECONDS * MS_PER_SECOND;

/** A resolver that takes longer than this is not waited for. */
export const DNS_TIMEOUT_MS = 10 * MS_PER_SECOND;

/** Addresses taken from one DNS seed: a name server cannot fill the book. */
export const MAX_DNS_ADDRESSES = 256;

/** A book with fewer addresses than this asks the seeds: half of them may be gone by now. */
export const POOR_BOOK = 100;

/** Nodes that DNS seeds name count as heard of three to seven days ago: better than nothing, worse than any news. */
export const MIN_SEED_AGE_SECONDS = 3 * DAY_SECONDS;
export const MAX_SEED_AGE_SECONDS = 7 * DAY_SECONDS;

/** Fixed seeds are asked when all else brought nothing for so long. */
export const FIXED_SEEDS_DELAY_MS = MINUTE_SECONDS * MS_PER_SECOND;

/** Seeds are not asked again before: a network that is down is not helped by questions. */
export const RESEED_PAUSE_MS = MINUTE_SECONDS * MS_PER_SECOND;

/** A book with fewer addresses than this is no reason to leave the nodes alone that we were told to join through. */
export const JOIN_BELOW = 10;

/** Pause after the first visit to a node to join through; it doubles with each, as what is new there grows less. */
export const DOOR_PAUSE_MS = MINUTE_SECONDS * MS_PER_SECOND;
export const MAX_DOOR_PAUSE_MS = 30 * MINUTE_SECONDS * MS_PER_SECOND;

/** Rows of the address book written at a time: some 10 ms. */
export const BOOK_WRITE_ROWS = 1000;

/** The book is written so often: what is lost by a crash is news that comes again. */
export const BOOK_WRITE_INTERVAL_MS = 15 * MS_PER_SECOND;

/** A seed lets a stranger who got its answer go after so long: time to read it and to say who it is. */
export const SEED_GUEST_MS = 10 * MS_PER_SECOND;

/** A seed lets a stranger who never asks go after so long: a minute is five times what a slow client needs. */
export const SEED_IDLE_MS = MINUTE_SECONDS * MS_PER_SECOND;

/** Nodes that a seed probes at the same time: with a probe every quarter of an hour, some 2,500 that answer. */
export const SEED_PROBES = 16;

/** Addresses that a seed looks at in a second for those whose probe is due: a full book in three quarters of a minute. */
export const PROBE_SCAN = 2000;

/** A probe takes so long after the handshake: time for an answer to getaddr. */
export const PROBE_LINGER_MS = 5 * MS_PER_SECOND;

/** A node that answers is probed again after so long, as often as the shortest window needs for its verdict. */
export const PROBE_INTERVAL_SECONDS = 15 * MINUTE_SECONDS;

/** A node that does not answer is probed less and less, and at the least so often. */
export const MAX_PROBE_INTERVAL_SECONDS = DAY_SECONDS;
