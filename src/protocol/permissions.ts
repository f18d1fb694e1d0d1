/** What chosen peers may do beyond others. */
export const PERMISSIONS = ["noban", "relay", "download", "addr", "mempool"] as const;

/**
 * `noban`: never banned, discouraged, evicted or refused for want of room among others of its address or group.
 * `relay`: its transactions are taken even by a node that otherwise takes none.
 * `download`: ten times as much of what it asks for may wait before we stop reading from it.
 * `addr`: its addresses are taken and its questions for addresses answered without a limit.
 * `mempool`: it may ask for the whole pool of transactions.
 */
export type Permission = (typeof PERMISSIONS)[number];

/** All that somebody may do. */
export type Permissions = ReadonlySet<Permission>;

export const NO_PERMISSIONS: Permissions = new Set();
