/** Every number that shapes how requests are spread over peers, with unit and reason. */

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Requests to any of several peers that wait for their turn: 16 a consumer. */
export const REQUEST_QUEUE_ITEMS = 4096;

/** Bytes of such requests: 64 of the longest. */
export const REQUEST_QUEUE_BYTES = 64 * MIB;

/** Requests to any of several peers under way at once: as many as one peer takes. */
export const REQUESTS_UNDER_WAY = 256;

/** Failures of one peer within the window that open its breaker. */
export const BREAKER_FAILURES = 5;

/** Failures must be this share of all outcomes besides: a busy peer fails now and then. */
export const BREAKER_FAILURE_SHARE = 0.5;

/** Failures count together when they lie within this time: longer than the longest attempt that is usual. */
export const BREAKER_WINDOW_MS = 30 * SECOND;

/** A peer whose breaker opened is left alone for so long; each failed probe doubles it. */
export const BREAKER_OPEN_MS = 5 * SECOND;

/** Longest pause before a broken peer is probed again: a restarted one is back at work soon. */
export const BREAKER_MAX_OPEN_MS = 2 * MINUTE;

/** Stalls that open a peer's breaker for blocks, however many it delivered: each is several seconds of silence. */
export const BLOCK_BREAKER_FAILURES = 1;

/** Peers that left whose record is kept, so that a broken one is not whole again by reconnecting. */
export const REMEMBERED_PEERS = 256;

/** How long the record of a peer that left is kept: the longest pause of a breaker, and a few redials. */
export const REMEMBERED_MS = 10 * MINUTE;

/** Retries are at most this share of requests, so that they cannot amplify an outage. */
export const RETRY_SHARE = 0.2;

/** Retries that are possible at once beyond that share: enough for a few peers that die at the same time. */
export const RETRY_RESERVE = 10;

/** Most retries that may be saved up in quiet times. */
export const RETRY_CAPACITY = 100;

/** Peers that one request is asked of after the first one, unless its rule says otherwise. */
export const DEFAULT_RETRIES = 3;

/** Most retries that a rule may ask for: each costs a timeout of its caller's patience. */
export const MAX_RETRIES = 10;

/** Peers that one request is asked of in all: who has no such method says so, and the next one is asked. */
export const MAX_ATTEMPTS = 32;

/** An answer may take this long before any was measured, if another peer can be asked instead. */
export const ATTEMPT_TIMEOUT_MS = 2 * SECOND;

/** An attempt is given up after so many usual times of an answer and four deviations (RFC 6298 has 1; work varies). */
export const ATTEMPT_ROUND_TRIPS = 3;

/** However fast the answers were so far, one may take this long: handlers pause, and retries cost more. */
export const MIN_ATTEMPT_TIMEOUT_MS = 250;

/** However slow the answers were so far, another peer is asked after this long. */
export const MAX_ATTEMPT_TIMEOUT_MS = 10 * SECOND;

/** Classes of requests whose answer times are kept apart: names of an application's methods. */
export const MAX_REQUEST_CLASSES = 64;

/** Methods of which one peer said that it has none, remembered so that it is not asked again for a while. */
export const MAX_LACKED_METHODS = 64;

/** A peer may learn a method: it is asked again after this long. */
export const LACKED_METHOD_MS = 1 * MINUTE;

/** Sessions bound to a peer: the ones that were idle longest are unbound first. */
export const MAX_STICKY_SESSIONS = 4096;

/** Longest time that a session may stay bound to its peer without a request. */
export const MAX_STICKY_MS = 60 * MINUTE;

/** Characters of a key, a session or a name of a class: a path or a hash in hex, several times. */
export const MAX_BALANCING_NAME_LENGTH = 256;

/** Rules of one node: one a class of requests, and then some. */
export const MAX_BALANCING_RULES = 256;

/** Largest share of the work beside others: more is a mistake. */
export const MAX_WEIGHT = 1_000_000;

/** With consistent hashing a peer gets at most this many times the mean (bounded loads, Mirrokni et al. 2016). */
export const HASH_LOAD_FACTOR = 1.25;

/** How often breakers, sessions and records of peers that left are looked through. */
export const HEALTH_INTERVAL_MS = 2 * SECOND;
