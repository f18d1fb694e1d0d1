/** Numbers of what nodes do for applications: topics and requests. Limits of single messages stand in wire_limits.ts. */

const MIB = 1024 * 1024;
const SECOND = 1000;

/** Ids that each topic remembers whatever happens to others: 3 s of 5,000 a second, in 256 KiB. */
export const SEEN_MESSAGES = 16_384;
/**
 * 5 s: copies of a message come by longer ways, seldom by seconds. What is younger is kept, as far as the next two
 * numbers go: up to 200,000 messages a second.
 */
export const SEEN_MESSAGES_MS = 5 * SECOND;
/** A topic that is busier remembers this many, in 16 MiB, and as many again while they are being replaced. */
export const MAX_SEEN_MESSAGES = 1_048_576;
/** All topics beyond their first ones, in 64 MiB: so no four busy ones make a fifth forget. */
export const MAX_SEEN_MESSAGES_SHARED = 4 * MAX_SEEN_MESSAGES;

/** A peer for whom more than this of what its lane of data holds is waiting is slow: what others say to it is rationed. */
export const CROWDED_SHARE = 1 / 4;

/**
 * What a program publishes itself may fill so much of a peer's lane of data while nobody else speaks to that peer: how
 * large its bursts are is its own choice. The rest is for those whose messages are passed on, should they come.
 */
export const OWN_SHARE = 7 / 8;

/** A validator of a topic may think for so long: a look-up over a network, but no human. */
export const VALIDATION_TIMEOUT_MS = 5 * SECOND;

/** Topic messages being judged at a time: a fraction of a second's worth of busy topics. */
export const MAX_VALIDATIONS = 1024;

/** Of those, messages of one peer: a quarter, so that four must be slow or hostile before the others notice. */
export const MAX_VALIDATIONS_PER_PEER = 256;

/** Bytes of topic messages being judged: the same number of messages of 32 KiB, or 32 of the largest size. */
export const MAX_VALIDATION_BYTES = 32 * MIB;

/** Of those, bytes of one peer: a quarter. */
export const MAX_VALIDATION_BYTES_PER_PEER = 8 * MIB;

/** An application's request is given up after this long, if its caller says nothing else. */
export const REQUEST_TIMEOUT_MS = 10 * SECOND;

/** Longest time that a caller may give a request, or a topic's validator: what is longer is nobody's wish but a slip. */
export const MAX_TIMEOUT_MS = 60 * 60 * SECOND;

/** Requests to one peer under way: as many as it may have running here. */
export const MAX_REQUESTS_PER_PEER = 256;

/** A handler of requests may take so long: longer than who asks usually waits. */
export const HANDLER_TIMEOUT_MS = 30 * SECOND;

/** Handlers of requests at work at a time: for 16 peers that ask as much as they may. */
export const MAX_HANDLERS = 4096;

/** Of those, handlers for one peer: as many as it may ask at a time. */
export const MAX_HANDLERS_PER_PEER = MAX_REQUESTS_PER_PEER;

/** Bytes of the requests that handlers work on: 16 KiB for each of them, or 64 requests of the largest size. */
export const MAX_HANDLER_BYTES = 64 * MIB;

/** Of those, bytes of one peer: a quarter. */
export const MAX_HANDLER_BYTES_PER_PEER = 16 * MIB;
