/** Numbers of a node whose connections are spread over threads. */

const KIB = 1024;
const MIB = 1024 * KIB;

/** Most shards of a node: as many as large machines have cores. Each takes some 10 MiB, and cores beyond do nothing. */
export const MAX_WORKERS = 64;

/**
 * A ring between the main thread and a shard, one each way, and the ring that broadcasts go through. Enough for what a
 * shard reads while the main thread is busy with a block; what is beyond it waits in sockets, where TCP slows the remote.
 */
export const SHARD_RING_BYTES = 1 * MIB;

/** Frames of one peer that follow each other are joined into records of this size: what a large read brings. */
export const RECORD_BYTES = 64 * KIB;

/** A shard says at the latest after so many bytes that a peer took them: an eighth of what makes an outbox writable. */
export const TAKEN_REPORT_BYTES = 128 * KIB;

/** The same in frames: an eighth of the frames that the smallest lane holds. */
export const TAKEN_REPORT_FRAMES = 512;

/** Connections of a shard that wait for the main thread to admit them: as many as wait in the system's backlog. */
export const MAX_STRANGERS = 4096;

/** How often a shard reports the figures of its peers, and looks at their timeouts. */
export const SHARD_REPORT_MS = 500;

/** A shard that reported nothing for so long hangs in a bug: it is replaced. Sixty reports are due in that time. */
export const SHARD_SILENCE_MS = 30_000;

/** How long a shard may take to send its last bytes when the node stops; its peers are gone by then. */
export const SHARD_STOP_MS = 300;

/** How long a system may take to give a port free that was closed: Deno closes a listener once its accept has returned. */
export const PORT_RELEASE_MS = 1_000;

/** How often it is asked meanwhile. */
export const PORT_RETRY_MS = 10;

/** A shard that served for so long and then fails is started again at once, whatever happened before. */
export const STEADY_SHARD_MS = 60_000;

/** Shards that start at a time: each has its time for it, however many there are on however few cores. */
export const SHARD_STARTS = 8;

/** How long a shard may take to start: it loads its program from a disk that may be busy. */
export const SHARD_START_MS = 10_000;
