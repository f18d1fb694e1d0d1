/** Readers of `GET /v1/events` at once: a hundred dashboards and some scripts. Each costs a socket and a buffer. */
export const MAX_EVENT_READERS = 128;

/** Events that may wait for one reader that takes none: ten minutes of a busy node's control events. */
export const READER_MAX_EVENTS = 1_024;

/** 256 KiB of events may wait for one reader: with all readers stuck, 32 MiB at most, and less as frames are shared. */
export const READER_MAX_BYTES = 262_144;

/** 64 KiB: several events leave in one write. */
export const READER_WRITE_BYTES = 65_536;

/** A reader that takes nothing for so long is gone, whatever its connection says. */
export const READER_STALL_MS = 60_000;

/** 15 s: below the half minute after which proxies and browsers give a silent connection up. */
export const EVENT_HEARTBEAT_MS = 15_000;

/** The latest events of each channel that are kept for readers who lost their connection: what two channels fill fits one reader. */
export const HISTORY_EVENTS = 512;

/** 128 KiB of them, by channel: half of what may wait for a reader, who usually follows two channels. */
export const HISTORY_MAX_BYTES = 131_072;

/** 2 KiB: what an event counts for that was kept and not encoded. A peer's snapshot, the largest, is about as long. */
export const HISTORY_RAW_BYTES = 2_048;

/** 1 min: so long events are kept when nobody reads them. Who was away for longer asks for the state anyway. */
export const HISTORY_MS = 60_000;

/** Channels and topics that are kept for nobody at a time: the four channels and a dozen topics. */
export const MAX_IDLE_SOURCES = 16;

/** A browser asks again so long after a stream broke: a node is back within a second or two. */
export const EVENT_RETRY_MS = 2_000;

/** Events encoded in one turn of the loop. Of a flood the rest waits in the channel, whose bound then drops the oldest. */
export const EVENTS_PER_TURN = 256;

/** Names that one request for events may list. */
export const MAX_EVENT_TYPES = 64;

/** 256 bytes of what a peer's application sent are shown in an event: enough to recognise it. */
export const EVENT_PAYLOAD_BYTES = 256;

/** 100 dashboards hold one connection for events and up to two for what they ask, beside scripts. */
export const MAX_CONTROL_CONNECTIONS = 512;
