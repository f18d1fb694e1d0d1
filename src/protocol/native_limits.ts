/** Limits of the native wire alone; wire_limits.ts has those that both wires share. */

/**
 * 64 KiB of a message whose type we do not know. It is enough for what a newer node may say unasked; larger messages
 * of new types are for peers that announced that they know them.
 */
export const MAX_UNKNOWN_BODY_BYTES = 65_536;
