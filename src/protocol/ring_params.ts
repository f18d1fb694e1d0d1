/** Numbers of the rings through which threads exchange frames. */

const KIB = 1024;
const MIB = 1024 * KIB;

/** Bytes of a ring unless its owner says otherwise: some thousand small frames, or half a second of a busy peer. */
export const DEFAULT_RING_BYTES = 1 * MIB;

/** Smallest ring: below it, frames of usual size would be sent in parts. */
export const MIN_RING_BYTES = 64;

/** Largest ring: positions are 32 bits wide, and half of them must stay free to tell full from empty. */
export const MAX_RING_BYTES = 1024 * MIB;

/** Threads that may read one ring: as many as the largest usual machine has cores. Each place costs 192 bytes. */
export const MAX_RING_READERS = 128;

/** Largest frame through a ring unless its owner says otherwise: a block of the largest size, and then some. */
export const MAX_RING_FRAME_BYTES = 32 * MIB;

/** Frames that a thread takes from a ring before others have their turn: what one peer may cause in a turn. */
export const RING_FRAMES_PER_TURN = 1024;

/** Most slots of a queue between threads: a 32-bit ticket then passes each of them 65,536 times before it repeats. */
export const MAX_QUEUE_SLOTS = 65_536;

/** Least bytes of a slot, and what its bytes are a multiple of: less would be all header. */
export const MIN_SLOT_BYTES = 8;

/** Most bytes of a queue: where its words are is counted in 32 bits, of which one is a sign. */
export const MAX_QUEUE_BYTES = 1024 * MIB;

/** Most bytes of a slot, and so of a frame: larger ones belong into a ring. */
export const MAX_SLOT_BYTES = 1 * MIB;

/** Threads that may use one queue: each has a bit in the word that says who sleeps. */
export const MAX_QUEUE_USERS = 32;
