/**
 * How headers and blocks are fetched, announced and served, with unit and reason.
 */

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND = 1000;

/** Headers in one answer (Bitcoin protocol). A full page means that there are more. */
export const HEADERS_PAGE = 2000;

/** Hashes in one answer to getblocks (Bitcoin protocol). */
export const GETBLOCKS_PAGE = 500;

/** An answer to getheaders may take this long before a round trip was measured. */
export const HEADERS_TIMEOUT_MS = 15 * SECOND;

/** However fast the network, a peer may be busy with a block for this long before it answers. */
export const MIN_HEADERS_TIMEOUT_MS = 5 * SECOND;

/** However slow the network, headers that take longer are asked of somebody else. */
export const MAX_HEADERS_TIMEOUT_MS = 60 * SECOND;

/** Times in a row that a peer may tell headers that lead nowhere, and not what lies between: races cause one or two. */
export const MAX_UNCONNECTED_HEADERS = 10;

/** Blocks ahead of our tip that may be under way: what a dozen peers deliver while one is asked again. */
export const BLOCK_WINDOW = 1024;

/** Blocks in flight from one peer: at least a round trip's worth, at most what a fast peer sends in half a second. */
export const MIN_BLOCKS_IN_FLIGHT = 16;
export const MAX_BLOCKS_IN_FLIGHT = 256;

/** Bytes in flight, by the mean size of recent blocks: per peer, and over all peers. */
export const MAX_BYTES_IN_FLIGHT_PER_PEER = 16 * MIB;
export const MAX_BYTES_IN_FLIGHT = 64 * MIB;

/** A peer that owes blocks and sends nothing for this long is stalling; adapted upwards to its own measured rate. */
export const MIN_STALL_TIMEOUT_MS = 4 * SECOND;
export const MAX_STALL_TIMEOUT_MS = 60 * SECOND;

/** A block takes at most this many of the peer's own mean block times before the peer counts as stalling. */
export const STALL_BLOCK_TIMES = 32;

/** Version from which nodes speak of compact blocks (BIP152). */
export const COMPACT_PROTOCOL_VERSION = 70014;

/** The version of compact blocks that is in use: short ids of wtxids (BIP152). Version 1 is of before witnesses. */
export const COMPACT_VERSION = 2n;

/** Peers that push new blocks to us unasked on the Bitcoin wire: the number that BIP152 allows. */
export const MAX_HIGH_BANDWIDTH_PEERS = 3;

/** On our own wire all neighbours of a usual node do: announcing a block first takes two ways more (docs/reliability.md). */
export const MAX_NATIVE_HIGH_BANDWIDTH_PEERS = 16;

/** Blocks below the tip that are served as compact ones (BIP152): of older ones the peer's pool holds nothing. */
export const MAX_COMPACT_DEPTH = 5;

/** Blocks below the tip of which single transactions are served (BIP152). */
export const MAX_BLOCKTXN_DEPTH = 10;

/** Blocks above our tip up to which the pool may hold what a compact block names: two can follow upon each other. */
export const COMPACT_AHEAD_BLOCKS = 2;

/** Compact blocks that wait for transactions. One takes up to 4 MB, so in all they are bounded like blocks in flight. */
export const MAX_PARTIAL_BLOCKS = 16;
export const MAX_PARTIAL_BLOCKS_PER_PEER = 3;

/** Peers that are asked at once for what is missing of one block, so that one who stalls does not keep it from us. */
export const MAX_PARTIAL_COPIES = 3;

/** Blocks that one peer may have brought in compact form and that did not come of it: rivals for the tip are few. */
export const MAX_COMPACT_TRIES_PER_PEER = 16;

/** Peers whose compact copy of one block is compared with the pool: of more, none knows it better. */
export const MAX_COMPACT_TRIES_PER_BLOCK = 16;

/** What comparing one transaction of the pool with a compact block costs: 0.4 µs, as much as 40 bytes of small ones. */
export const COMPACT_SCAN_BYTES = 40;

/** As long as the longest stall: by then the block was asked of somebody else. */
export const MAX_PARTIAL_BLOCK_AGE_MS = MAX_STALL_TIMEOUT_MS;

/** Share of a block's transactions beyond which the rest is not worth the rebuilding: the whole block is asked for. */
export const MAX_MISSING_SHARE = 0.9;

/** Transactions that a compact block carries in full because we lacked them ourselves: 10 KB, as BIP152 advises. */
export const MAX_PREFILL_BYTES = 10_000;

/** Parsed blocks kept: the tip's transactions are looked up, announced and asked for, or those of two that compete. */
export const MAX_PARSED_BLOCKS = 2;

/** Progress is published at most this often during sync. */
export const PROGRESS_INTERVAL_MS = 1 * SECOND;

/** Blocks below the tip that pruning keeps, as BIP159 promises. */
export const PRUNE_KEEP_BLOCKS = 288;

/**
 * A chain that ends at most so many blocks ago, by the clock, can be completed by pruned peers: half of what they keep,
 * since blocks come faster than planned at times.
 */
export const NEAR_TIP_BLOCKS = 144;

/** 20 min. An outbound peer has so long to show a chain as good as ours was; a node far behind may need some of it. */
export const LAG_TIMEOUT_MS = 20 * 60 * SECOND;

/** 2 min. Then it is asked once, and has so long to answer. */
export const LAG_ANSWER_MS = 2 * 60 * SECOND;

/**
 * Outbound peers for everything that once had a chain as good as ours and stay whatever becomes of it: if ours is the
 * one that nobody follows, they are the way to the others.
 */
export const MAX_SPARED_LAGGARDS = 4;
