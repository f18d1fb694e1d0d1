// Frames that tell who sent them, in what order, and whether they arrived as they were sent.

/** Sender, number and checksum of all but itself. */
const SENDER = 0;
const NUMBER = 1;
const CHECKSUM = 2;
const WORD_BYTES = 4;
const HEADER_BYTES = 3 * WORD_BYTES;
/** Odd numbers without a pattern. */
const STEP = 0x9e3779b1;
const SPREAD = 0x85ebca6b;

/** What a reader found out about the frames of one sender. */
export interface Account {
  frames: number;
  /** Of the numbers, modulo 2^32: what is lost or doubled changes one of both. */
  sum: number;
  squares: number;
  /** The last number; of one sender they rise. */
  last: number;
}

/** The account of frames 0 to `count` - 1, if none is missing. */
export function fullAccount(count: number): Account {
  const account = emptyAccount();
  for (let number = 0; number < count; number++) addTo(account, number);
  return account;
}

export function sumAccounts(accounts: readonly Account[]): Account {
  return accounts.reduce((total, { frames, sum, squares, last }) => ({
    frames: total.frames + frames,
    sum: (total.sum + sum) >>> 0,
    squares: (total.squares + squares) >>> 0,
    last: Math.max(total.last, last),
  }), emptyAccount());
}

/** Makes the frames of one sender, of all lengths up to the largest. */
export class FrameMaker {
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #maxBytes: number;
  #number = 0;

  constructor(sender: number, maxBytes: number) {
    this.#words = new Uint32Array(Math.ceil(Math.max(maxBytes, HEADER_BYTES) / WORD_BYTES));
    this.#words[SENDER] = sender;
    this.#bytes = new Uint8Array(this.#words.buffer);
    this.#maxBytes = Math.max(maxBytes, HEADER_BYTES);
  }

  /** The next frame, whose bytes are valid until the one after it. */
  next(): Uint8Array {
    const number = this.#number++;
    const words = Math.floor(this.#maxBytes / WORD_BYTES);
    const length = (3 + (Math.imul(number, SPREAD) >>> 8) % (words - 2)) * WORD_BYTES;
    this.#words[NUMBER] = number;
    for (let word = 3; word < length / WORD_BYTES; word++) this.#words[word] = Math.imul(number + word, STEP);
    this.#words[CHECKSUM] = checksum(this.#bytes, 0, length);
    return this.#bytes.subarray(0, length);
  }
}

/** Checks frames of several senders; throws where one is not as it was made, or comes out of order. */
export class FrameChecker {
  readonly accounts = new Map<number, Account>();

  check(bytes: Uint8Array, start: number, end: number): void {
    const sender = wordAt(bytes, start + SENDER * WORD_BYTES);
    const number = wordAt(bytes, start + NUMBER * WORD_BYTES);
    const told = wordAt(bytes, start + CHECKSUM * WORD_BYTES);
    if (told !== checksum(bytes, start, end)) throw new Error(`frame ${number} of ${sender} has a wrong checksum`);
    const account = this.accounts.get(sender) ?? emptyAccount();
    this.accounts.set(sender, account);
    if (number <= account.last) throw new Error(`frame ${number} of ${sender} comes after ${account.last}`);
    addTo(account, number);
  }
}

function emptyAccount(): Account {
  return { frames: 0, sum: 0, squares: 0, last: -1 };
}

function addTo(account: Account, number: number): void {
  account.frames++;
  account.sum = (account.sum + number) >>> 0;
  account.squares = (account.squares + Math.imul(number, number)) >>> 0;
  account.last = number;
}

/** Over whole words. */
function checksum(bytes: Uint8Array, start: number, end: number): number {
  let sum = end - start;
  for (let at = start; at < end; at += WORD_BYTES) {
    if (at !== start + CHECKSUM * WORD_BYTES) sum = Math.imul(sum ^ wordAt(bytes, at), STEP) ^ (sum >>> 15);
  }
  return sum >>> 0;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24) >>> 0;
}
