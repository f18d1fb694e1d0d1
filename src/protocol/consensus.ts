// Numbers of the chain, each with its unit and its reason. What differs between networks is in networks.ts.

/** Weight units: what a block may weigh (BIP141). Also bounds the stripped size to a quarter of it. */
export const MAX_BLOCK_WEIGHT = 4_000_000;

/** A byte outside the witnesses weighs as much as 4 inside (BIP141). */
export const WITNESS_SCALE_FACTOR = 4;

/** Satoshi: 21 million coins. No output and no sum of outputs can be more. */
export const MAX_MONEY = 2_100_000_000_000_000;

/** Satoshi: what the first blocks of Bitcoin's networks create, 50 coins. */
export const INITIAL_SUBSIDY = 5_000_000_000n;

/** Bytes: the least that a coinbase's input script may have. */
export const MIN_COINBASE_SCRIPT_BYTES = 2;

/** Bytes: the most that a coinbase's input script may have. */
export const MAX_COINBASE_SCRIPT_BYTES = 100;

/** Bytes: a transaction of this size can be passed off as an inner node of a merkle tree, which is two hashes. */
export const MERKLE_NODE_BYTES = 64;

/** Blocks whose median time a new block must exceed. */
export const MEDIAN_TIME_BLOCKS = 11;

/** Seconds: how far a header may be ahead of our clock. It may become good later, so it is never marked invalid. */
export const MAX_FUTURE_SECONDS = 7_200;

/** A retarget changes the target by at most this factor, either way. */
export const MAX_RETARGET_FACTOR = 4;

/** Testnets allow a block of least difficulty when so many spacings have passed since its parent: 20 minutes. */
export const MIN_DIFFICULTY_SPACINGS = 2;

/** Seconds: how far the first block of a period may lie before its parent (BIP94). */
export const MAX_TIMEWARP_SECONDS = 600;

/** Blocks between retargets on Bitcoin's networks: two weeks of ten minutes. */
export const RETARGET_INTERVAL_BLOCKS = 2_016;

/** Seconds wanted between two blocks on Bitcoin's networks. */
export const BLOCK_SPACING_SECONDS = 600;

/** Versions that a block must have at least once the change of that number is active (BIP34, BIP66, BIP65). */
export const BIP34_BLOCK_VERSION = 2;
export const BIP66_BLOCK_VERSION = 3;
export const BIP65_BLOCK_VERSION = 4;

/** Hashes at the start of a locator that name consecutive blocks; from there the steps double. */
export const LOCATOR_DENSE_BLOCKS = 10;

/** Entries: what nodes accept in one locator. Doubling steps need about 40 for any chain that fits in memory. */
export const MAX_LOCATOR_ENTRIES = 101;

/**
 * Blocks: a tip that so few blocks are missing from counts as synced. One or two are always under way, because headers
 * are announced before their blocks can be fetched.
 */
export const SYNCED_WITHIN_BLOCKS = 2;

/** Blocks whose work a header chain may lack compared with our tip and still be taken without presync: one day. */
export const LOW_WORK_MARGIN_BLOCKS = 144;

/** Headers or blocks whose parent is unknown. An honest peer has a handful after a quick succession of blocks. */
export const MAX_ORPHANS = 256;

/** Bytes of all orphans: four blocks of the largest size. */
export const MAX_ORPHAN_BYTES = 16_000_000;

/** Seconds: the parent of an orphan is asked for at once, so after 20 minutes nobody will send it any more. */
export const MAX_ORPHAN_AGE_SECONDS = 1_200;

/** Headers: a longer unconnected list is no announcement (BIP130 sends at most 8) but a wrong answer: not kept. */
export const MAX_ANNOUNCED_HEADERS = 8;

/** Side branches that a listing names, most work first: strangers can make any number. */
export const MAX_LISTED_FORKS = 100;

/**
 * Headers between two one-bit commitments of the first pass. With the buffer below, a forged second pass has to guess
 * about 24 bits for each header that it gets past us, and a million headers leave 200 bytes of state.
 */
export const PRESYNC_COMMITMENT_PERIOD = 600;

/** Headers of the second pass that wait for this many successors before they are believed: 24 commitments. */
export const PRESYNC_BUFFER_HEADERS = 14_400;

/** Headers a second: the most that the median time rule lets a chain grow in the long run (6 of 11 may share a second). */
export const MAX_HEADERS_PER_SECOND = 6;
