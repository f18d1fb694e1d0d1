/** Numbers of the pool of threads that run the handlers of an owner's modules. */

const SECOND = 1000;

/** Threads of the pool unless its owner says otherwise: handlers mostly wait for a disk or a network. */
export const DEFAULT_NOTIFY_WORKERS = 4;

/** Most threads of the pool: more than usual machines have cores. Each costs some MiB. */
export const MAX_NOTIFY_WORKERS = 64;

/** Subscribers of the pool at a time: each has two words in the memory of its thread. */
export const MAX_NOTIFY_SUBSCRIBERS = 256;

/** Events that one message takes to a thread: a turn's worth of a busy node, cloned in less than a millisecond. */
export const NOTIFY_BATCH = 256;

/** A handler that is not done with an event after so long hangs, unless its owner allows more: 10 s. */
export const NOTIFY_STALL_MS = 10 * SECOND;

/** A module may take so long to load: it may open a database or dial somebody. */
export const NOTIFY_LOAD_MS = 30 * SECOND;

/** A handler that hangs, or costs its thread the life, so often in a row is not run any more. */
export const NOTIFY_MAX_FAULTS = 3;

/**
 * Threads that a handler may cost within `NOTIFY_LOSS_WINDOW_MS`, whatever it gets done between: with each one all others
 * of its thread are loaded again. One that fails at every block of a network with ten minutes between them is over it.
 */
export const NOTIFY_MAX_LOSSES = 5;

/** 1 h. A failure in a while is no reason to go without a handler. */
export const NOTIFY_LOSS_WINDOW_MS = 3_600 * SECOND;

/** When the node stops, handlers have so long for what still waits; a stop takes less than a second in all. */
export const NOTIFY_STOP_MS = 300;

/** Bytes of events in one message to a thread, as far as events say what they hold: what a clone copies in 1 ms. */
export const NOTIFY_BATCH_BYTES = 1024 * 1024;

/** How often it is looked whether handlers get on, while they have something to do: a small part of what they may take. */
export const NOTIFY_WATCH_MS = 250;

/** A thread that runs has to answer within this time; one that does not is blocked. */
export const NOTIFY_ANSWER_MS = 1 * SECOND;
