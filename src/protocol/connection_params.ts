/**
 * How one connection is made, kept alive, read and written, with unit and reason.
 */

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Time for a whole handshake before a round trip was ever measured: ten lost SYN-sized packets on a slow path. */
export const HANDSHAKE_TIMEOUT_MS = 20 * SECOND;

/** Least time for a handshake, however fast the network: a busy peer may be in the middle of a block. */
export const MIN_HANDSHAKE_TIMEOUT_MS = 5 * SECOND;

/** A dial that the network does not answer. Linux retries a SYN after 1, 3 and 7 s: two retries fit. */
export const DIAL_TIMEOUT_MS = 5 * SECOND;

/** Least time for a dial, however fast the network: two retries of a lost SYN, and what a full backlog holds up. */
export const MIN_DIAL_TIMEOUT_MS = 3.5 * SECOND;

/** However slow the network, a place for an outbound peer waits no longer for one that may not exist. */
export const MAX_DIAL_TIMEOUT_MS = 20 * SECOND;

/** Half of what common NATs keep an idle TCP mapping for at the least (RFC 5382 asks 2 h, cheap ones do 60 s). */
export const PING_INTERVAL_MS = 30 * SECOND;

/** A pong may take this long before any was seen: a peer that validates a block answers late. */
export const PING_TIMEOUT_MS = 2 * MINUTE;

/** However fast the network: a small machine takes seconds for each of the blocks that it asked for before our ping. */
export const MIN_PING_TIMEOUT_MS = 30 * SECOND;

/** However slow the network, a peer silent for this long is gone. */
export const MAX_PING_TIMEOUT_MS = 5 * MINUTE;

/** A timeout is this many smoothed round trips plus four deviations (RFC 6298 has 1; peers also compute). */
export const TIMEOUT_ROUND_TRIPS = 8;

/** Round trips kept to compute a 95th percentile: half an hour of pings. */
export const ROUND_TRIP_SAMPLES = 64;

/** Rates of a peer are those of about so long: what it does now shows, and one block does not look like a flood. */
export const PACE_WINDOW_MS = 10 * SECOND;

/** Messages that one peer may have handled in one turn of the loop: some milliseconds of small ones. */
export const TURN_MESSAGES = 1024;

/** Bytes that one peer may have handled in one turn of the loop: two ordinary blocks. */
export const TURN_BYTES = 2 * MIB;

/** A read of this size is a part of something large. One read may bring 64 KiB on Node and Deno, 512 KiB on Bun. */
export const BULK_READ_BYTES = 32 * KIB;

/**
 * Bulk bytes that all peers together may have read before the loop turns: some milliseconds, which is what a ping waits
 * while a hundred peers send blocks (p2p bench flood).
 */
export const ROUND_BYTES = 2 * MIB;

/** Small frames are joined into writes of this size: beyond it nothing is gained (see docs/performance.md). */
export const BATCH_BYTES = 64 * KIB;

/** A batch begins with room for this much: a few pings or an inv. It grows with what is offered. */
export const MIN_BATCH_BYTES = 256;

/** Frames from this size on are written as they are: copying them into a batch costs more than a system call. */
export const DIRECT_WRITE_BYTES = 16 * KIB;

/** An outbox below this many bytes takes more bulk data from services that serve it. */
export const OUTBOX_LOW_WATER_BYTES = 1 * MIB;

/** Deferred inventory requests of one peer: one full getdata of the largest size that the protocol allows. */
export const MAX_DEFERRED_ITEMS = 50_000;

/** The same of a peer with the `download` permission: requests for half of Bitcoin's blocks, some 60 MB. */
export const MAX_PERMITTED_DEFERRED_ITEMS = 500_000;

/** Answers to getblocktxn that wait for their peer and are made in one turn: each may read a block back. */
export const MAX_ANSWERS_PER_TURN = 16;

/** A closed connection may take this long to send its last bytes before it is cut. */
export const CLOSE_LINGER_MS = 2 * SECOND;
