/**
 * How transactions are kept, announced and fetched, with unit and reason.
 */

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Unconfirmed transactions kept, in bytes: 30 full blocks' worth. They cost strangers nothing, so it is all for them. */
export const POOL_MAX_BYTES = 64 * MIB;

/** Unconfirmed transactions kept: what 64 MiB hold of usual ones, and a bound on what each costs besides its bytes. */
export const POOL_MAX_COUNT = 100_000;

/** A transaction waits for so long: one that 144 blocks passed over pays too little for the next ones too. */
export const POOL_MAX_AGE_MS = 24 * HOUR;

/** 400 kB: a standard transaction weighs at most 400,000 units, and a byte weighs at least one. */
export const MAX_POOL_TRANSACTION_BYTES = 400_000;

/** Copies of one transaction with different witnesses that are kept: we cannot tell which is good, but not for ever. */
export const MAX_WITNESS_VERSIONS = 4;

/** Ids of transactions that left the pool, remembered so that they are not fetched again: some six blocks' worth. */
export const POOL_SETTLED_IDS = 50_000;

/** Announcements of an item within this time count as duplicates: they come from all peers within a few round trips. */
export const DEDUPE_TTL_MS = 5 * SECOND;

/** Announcements remembered in one generation of two: one inv of the largest size does not push out all others. */
export const DEDUPE_CAPACITY = 50_000;

/** Mean time between two batches of announcements to peers that dialled us, all at once, as Bitcoin Core has it: a spy's
 * many connections then tell no more than one about where a transaction came from. */
export const TRICKLE_INBOUND_MS = 5 * SECOND;

/** The same for each peer that we dialled: nobody can choose to be one of them. */
export const TRICKLE_OUTBOUND_MS = 2 * SECOND;

/** Transactions in one batch of announcements, as Bitcoin Core has it: 200 a second to a peer that dialled us. */
export const TRICKLE_BATCH = 1000;

/** Transactions that wait to be announced to one peer: ten batches. Beyond it some are not: others announce them. */
export const MAX_QUEUED_ANNOUNCEMENTS = 10_000;

/** The newest transactions, of which new peers are told: one batch, about 36 kB. A connection that is lost in the middle
 * of an exchange, or was cut off for a while, then costs nobody a transaction. */
export const TOLD_TO_NEWCOMERS = TRICKLE_BATCH;

/** Transactions of our own that nobody fetched yet: new peers are told of them too, however old. */
export const MAX_UNBROADCAST = 1000;

/** 30 s, six mean trickles: who asks for a younger transaction before it was announced to him is not answered. */
export const UNANNOUNCED_SERVE_AGE_MS = 30 * SECOND;

/** Transactions that one peer announced and nobody delivered: as Bitcoin Core; about 2 MB. More are ignored. */
export const MAX_ANNOUNCED_TRANSACTIONS = 5000;

/** Transactions asked of one peer at a time: 2,560 a second over a path of 100 ms. */
export const MAX_TRANSACTIONS_IN_FLIGHT = 256;

/** How much earlier than others those are asked whom we dialled, or who announce by wtxid, as Bitcoin Core has it. */
export const REQUEST_HEAD_START_MS = 2 * SECOND;

/** A requested transaction may take this long before a round trip was measured. */
export const TRANSACTION_TIMEOUT_MS = 15 * SECOND;

/** However fast the network, a peer may be busy with a block for this long before it sends a transaction. */
export const MIN_TRANSACTION_TIMEOUT_MS = 5 * SECOND;

/** However slow the network, a transaction that takes longer is asked of somebody else. */
export const MAX_TRANSACTION_TIMEOUT_MS = 60 * SECOND;

/** Transactions that a peer may send unasked, in bytes at once and per second: some hundred small ones, then 100/s. */
export const UNREQUESTED_BURST_BYTES = 256 * KIB;
export const UNREQUESTED_BYTES_PER_SECOND = 32 * KIB;

/** What the least unrequested transaction counts for, in bytes: hashing and keeping it costs as much. */
export const UNREQUESTED_LEAST_BYTES = 320;

/** The pool is listed for one peer at most this often: 100,000 items are 3.6 MB. */
export const MEMPOOL_INTERVAL_MS = 60 * SECOND;

/** First version of the protocol with feefilter (BIP133). */
export const FEE_FILTER_PROTOCOL_VERSION = 70013;

/** Blocks below the tip whose transactions are remembered as confirmed although the pool is empty. */
export const CONFIRMED_BLOCKS = 6;

/** Blocks that the pool hears of in one turn, besides TURN_BYTES: small ones cost as much as reading them back does. */
export const CONFIRMED_BLOCKS_PER_TURN = 128;
