import { LocalError } from "../protocol/errors.ts";
import {
  MAX_QUEUE_BYTES,
  MAX_QUEUE_SLOTS,
  MAX_QUEUE_USERS,
  MAX_SLOT_BYTES,
  MIN_SLOT_BYTES,
} from "../protocol/ring_params.ts";
import { WORD_BYTES, WORD_SHIFT } from "./layout.ts";
import type { SharedMemory } from "./memory.ts";

const LINE = 16;

/** 1 once nothing more may go in. */
export const CLOSED = 0;
/** A ticket is the number of a frame, modulo 2^32. Up to these, all frames have gone in, or out: where to look first. */
export const TAIL = LINE;
export const HEAD = 2 * LINE;
/** A bit for each user that sleeps until there are frames, or room; whoever clears it wakes the user. */
export const WAIT_FOR_FRAMES = 3 * LINE;
export const WAIT_FOR_ROOM = 4 * LINE;
const SLOTS_OFFSET = 5 * LINE * WORD_BYTES;

/**
 * A slot is a word with its state, a word with the length of its frame, and its bytes. The state is a phase and the
 * round of the queue, so that a state of another round is never taken for one of this round.
 */
export const FREE = 0;
/** Holds a frame for whoever comes first. */
export const FULL = 1;
/** Holds nothing, since its producer died: consumers pass it by. */
export const VOID = 2;
/** A user has it: its number is added. */
export const WRITTEN_BY = 64;
export const READ_BY = 128;
export const PHASE_BITS = 8;
export const PHASE_MASK = (1 << PHASE_BITS) - 1;
const ROUND_BITS = 24;
const TICKET_BITS = 32;
export const SLOT_HEADER_BYTES = 2 * WORD_BYTES;

export interface QueueSize {
  /** Frames that may wait: a power of two. */
  readonly slots: number;
  /** Bytes of the largest frame: a multiple of 8. */
  readonly slotBytes: number;
  /** Threads that may use the queue, each with a number of its own. */
  readonly users: number;
}

export function checkQueueSize({ slots, slotBytes, users }: QueueSize): void {
  const isPower = Number.isInteger(slots) && (slots & (slots - 1)) === 0;
  if (!isPower || slots < 2 || slots > MAX_QUEUE_SLOTS) {
    throw refusal(`its slots are a power of two from 2 to ${MAX_QUEUE_SLOTS}`, slots);
  }
  if (slotBytes % MIN_SLOT_BYTES !== 0 || slotBytes < MIN_SLOT_BYTES || slotBytes > MAX_SLOT_BYTES) {
    throw refusal(`a slot has a multiple of ${MIN_SLOT_BYTES} bytes up to ${MAX_SLOT_BYTES}`, slotBytes);
  }
  if (!Number.isInteger(users) || users < 1 || users > MAX_QUEUE_USERS) {
    throw refusal(`it has 1 to ${MAX_QUEUE_USERS} users`, users);
  }
  const sizeBytes = queueBytes({ slots, slotBytes, users });
  if (sizeBytes > MAX_QUEUE_BYTES) throw refusal(`all its slots take at most ${MAX_QUEUE_BYTES} bytes`, sizeBytes);
}

function refusal(what: string, value: number): LocalError {
  return new LocalError("bad-argument", `Cannot make a queue: ${what}: received ${value}`);
}

export function queueBytes({ slots, slotBytes }: QueueSize): number {
  return SLOTS_OFFSET + slots * (SLOT_HEADER_BYTES + slotBytes);
}

/** Where the slot of a ticket stands, and what its state is called. */
export class Slots {
  readonly #slotMask: number;
  readonly #slotBits: number;
  readonly #roundMask: number;
  readonly #strideBytes: number;

  constructor({ slots, slotBytes }: QueueSize) {
    this.#slotMask = slots - 1;
    this.#slotBits = TICKET_BITS - 1 - Math.clz32(slots);
    // Rounds begin again when tickets do.
    this.#roundMask = 2 ** Math.min(ROUND_BITS, TICKET_BITS - this.#slotBits) - 1;
    this.#strideBytes = SLOT_HEADER_BYTES + slotBytes;
  }

  /** Bytes from the start of the memory to the slot of a ticket. */
  placeOf(ticket: number): number {
    return SLOTS_OFFSET + (ticket & this.#slotMask) * this.#strideBytes;
  }

  /** What the slot's word says in a phase of the ticket's round. */
  stateOf(ticket: number, phase: number): number {
    return (((ticket >>> this.#slotBits) & this.#roundMask) << PHASE_BITS) | phase;
  }

  /** What it says once the ticket's frame is gone. */
  nextRound(ticket: number): number {
    return this.stateOf(ticket + this.#slotMask + 1, FREE);
  }

  /** The free state of the round after that of `state`. */
  afterState(state: number): number {
    return (((state >>> PHASE_BITS) + 1) & this.#roundMask) << PHASE_BITS;
  }

  /** Negative: the slot has not come to the ticket's round; 0: it is there; positive: it is beyond. */
  roundsAhead(state: number, ticket: number): number {
    const rounds = (state >>> PHASE_BITS) - (this.stateOf(ticket, FREE) >>> PHASE_BITS);
    const size = this.#roundMask + 1;
    const ahead = rounds & this.#roundMask;
    return ahead < size / 2 ? ahead : ahead - size;
  }
}

/** Sets a user's bit in one of the words of sleepers. */
export function announceSleep(memory: SharedMemory, word: number, user: number): void {
  for (let seen = memory.load(word);;) {
    const found = memory.compareExchange(word, seen, seen | (1 << user));
    if (found === seen) return;
    seen = found;
  }
}

/** Clears a user's bit; false if somebody else has done so, and so is about to wake the user. */
export function withdrawSleep(memory: SharedMemory, word: number, user: number): boolean {
  for (let seen = memory.load(word); (seen & (1 << user)) !== 0;) {
    const found = memory.compareExchange(word, seen, seen & ~(1 << user));
    if (found === seen) return true;
    seen = found;
  }
  return false;
}

export function isAnnounced(memory: SharedMemory, word: number, user: number): boolean {
  return (memory.load(word) & (1 << user)) !== 0;
}

/** Wakes one of the sleepers, if there are any. */
export function wakeOne(memory: SharedMemory, word: number, ring: (user: number) => void): void {
  for (let seen = memory.load(word); seen !== 0;) {
    const user = TICKET_BITS - 1 - Math.clz32(seen & -seen);
    const found = memory.compareExchange(word, seen, seen & ~(1 << user));
    if (found === seen) return ring(user);
    seen = found;
  }
}

/**
 * Wakes those that sleep now, each once. Who lies down again meanwhile has looked at its slot after our change, and must
 * not be woken by us: where a ring takes as long as filling the queue, that would have no end.
 */
export function wakeAll(memory: SharedMemory, word: number, ring: (user: number) => void): void {
  for (let seen = memory.load(word); seen !== 0;) {
    const found = memory.compareExchange(word, seen, 0);
    if (found === seen) return ringEach(seen, ring);
    seen = found;
  }
}

function ringEach(users: number, ring: (user: number) => void): void {
  for (let left = users; left !== 0; left &= left - 1) ring(TICKET_BITS - 1 - Math.clz32(left & -left));
}

/** Says that all before `ticket` are done. Others look from there on; that it lags behind costs them a few looks. */
export function advance(memory: SharedMemory, word: number, ticket: number): void {
  const seen = memory.load(word);
  if (((ticket - seen) | 0) > 0) memory.compareExchange(word, seen, ticket);
}

export const LENGTH_WORD = 1;

export function wordAt(bytes: number): number {
  return bytes >> WORD_SHIFT;
}
