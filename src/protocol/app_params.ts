/** Numbers of what nodes do for applications: topics and requests. Limits of single messages stand in wire_limits.ts. */

const MIB = 1024 * 1024;
const SECOND = 1000;

/** Ids of topic messages remembered, at the least: 13 s of 10,000 a second, much longer than copies take to go round. */
export const SEEN_MESSAGES = 131_072;

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
