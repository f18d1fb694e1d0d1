/**
 * Numbers that shape a node as a whole, with unit and reason. Each subject has a file of its own beside this one; limits of
 * single messages stand in wire_limits.ts, numbers of the chain in consensus.ts.
 */

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Version of the protocol that we speak: the one that brought wtxidrelay (BIP339). */
export const PROTOCOL_VERSION = 70016;

/** Oldest version that we talk to: the first whose version message has the relay field (BIP37), of 2012. */
export const MIN_PROTOCOL_VERSION = 70001;

/** Version from which wtxidrelay and sendaddrv2 may be sent (BIP339, BIP155). */
export const FEATURES_PROTOCOL_VERSION = 70016;

/** How often timeouts of peers and services are looked at. Timeouts are seconds; a finer grain buys nothing. */
export const TICK_INTERVAL_MS = 1 * SECOND;

/**
 * A tick that comes so late shows that we stood still ourselves: a slow disk, a suspended machine. What the network sent
 * meanwhile is not read yet, so that tick judges nobody.
 */
export const LATE_TICK_MS = 3 * SECOND;

/** Shutdown waits this long for queues to drain; the promise is under 1 s. */
export const SHUTDOWN_DRAIN_MS = 500;

/** What strangers can cause is logged at most this often, each kind by itself: a storm must not become one of lines. */
export const RARE_LOG_INTERVAL_MS = 1 * MINUTE;
