/** 8 MiB of frames wait for the disk: a second of a fast link. What comes on top is left out of the capture, and counted. */
export const CAPTURE_QUEUE_BYTES = 8_388_608;

/**
 * 8 MiB of a shard's frames wait for the main thread, as they then do for the disk: what it misses in a second of work of
 * its own. What comes on top is left out of the capture, and counted.
 */
export const SHARD_CAPTURE_BYTES = 8_388_608;

/** 256 MiB a file: what Wireshark opens in some ten seconds. */
export const DEFAULT_CAPTURE_FILE_BYTES = 268_435_456;

/** 1 MiB: a smaller file could not hold some of the frames. */
export const MIN_CAPTURE_FILE_BYTES = 1_048_576;

/** Files of one capture: the one that is written, and three before it. 1 GiB in all. */
export const DEFAULT_CAPTURE_FILES = 4;

/** 64 KiB: of bytes that are no frame, so many are kept, for people to look at. */
export const MAX_STRAY_BYTES = 65_536;

/** 16 MiB, above every frame of either wire: a longer block in a capture file is a damaged one. */
export const MAX_CAPTURE_BLOCK_BYTES = 16_777_216;

/** Interfaces of one section of a capture file. Merged captures have dozens. */
export const MAX_CAPTURE_INTERFACES = 4_096;

/** Connections that are put together at a time when a capture of packets is read; the one that was silent longest makes way. */
export const MAX_CAPTURE_FLOWS = 4_096;

/** 1 MiB of one direction of a connection may wait for a packet that is missing. A window is rarely larger. */
export const MAX_FLOW_WAITING_BYTES = 1_048_576;

/** 64 MiB of all of them together. */
export const MAX_CAPTURE_WAITING_BYTES = 67_108_864;
