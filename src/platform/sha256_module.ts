// SHA-256 (FIPS 180-4) as a WebAssembly module that is put together when it is wanted: what stands here is all there is
// to it. Section numbers are of FIPS 180-4 unless named otherwise.

/** The module exports one page of `memory` for what it reads and writes. */
export const SHA256_PAGE_BYTES = 65_536;

const BLOCK_BYTES = 64;
const WORD_BYTES = 4;
const ROUNDS = 64;
const STATE_WORDS = 8;
const BLOCK_WORDS = 16;

/** Instructions, or a part of the binary format: the bytes that they are spelled as. */
type Code = readonly number[];

/** WebAssembly core specification, section 5.4. */
const LOOP = 0x03;
const END = 0x0b;
const BRANCH_IF = 0x0d;
const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const LOCAL_TEE = 0x22;
const LOAD = 0x28;
const STORE = 0x36;
const CONSTANT = 0x41;
const ADD = 0x6a;
const SUBTRACT = 0x6b;
const AND = 0x71;
const OR = 0x72;
const XOR = 0x73;
const SHIFT_RIGHT = 0x76;
const ROTATE_RIGHT = 0x78;
/** Words of memory lie at multiples of 2^2 bytes. */
const WORD_ALIGNMENT = 2;
const NO_RESULT = 0x40;
const INT32 = 0x7f;
const FUNCTION_TYPE = 0x60;
const EXPORTED_FUNCTION = 0;
const EXPORTED_MEMORY = 2;
/** Numbers of the sections of a module (core specification, section 5.5). */
const TYPES = 1;
const FUNCTIONS = 3;
const MEMORIES = 5;
const EXPORTS = 7;
const CODES = 10;

/** Locals of the function: its three parameters, the state, its working copy, the block, and one to juggle with. */
const FROM = 0;
const BLOCKS = 1;
const TO = 2;
const STATE = 3;
const WORKING = STATE + STATE_WORDS;
const BLOCK = WORKING + STATE_WORDS;
const SCRATCH = BLOCK + BLOCK_WORDS;

/**
 * A module with `memory` and `hash(from, blocks, to)`, which hashes so many padded blocks (one or more) that begin at
 * `from` and writes the digest to `to`.
 */
export function assembleSha256(): Uint8Array {
  const parameters = [INT32, INT32, INT32];
  const locals = [1, SCRATCH + 1 - parameters.length, INT32];
  return Uint8Array.from([
    ...ascii("\0asm"),
    ...[1, 0, 0, 0],
    ...section(TYPES, [FUNCTION_TYPE, ...sized(parameters), 0]),
    ...section(FUNCTIONS, [0]),
    ...section(MEMORIES, [1, 1, 1]),
    ...section(EXPORTS, [...sized(ascii("memory")), EXPORTED_MEMORY, 0], [
      ...sized(ascii("hash")),
      EXPORTED_FUNCTION,
      0,
    ]),
    ...section(CODES, sized([...locals, ...hashFunction()])),
  ]);
}

function hashFunction(): Code {
  const words = range(STATE_WORDS);
  return [
    ...rootFractions(STATE_WORDS, Math.sqrt).flatMap((value, i) => set(STATE + i, constant(value))),
    ...[LOOP, NO_RESULT],
    ...range(BLOCK_WORDS).flatMap((i) => set(BLOCK + i, swap([...get(FROM), LOAD, WORD_ALIGNMENT, i * WORD_BYTES]))),
    ...words.flatMap((i) => set(WORKING + i, get(STATE + i))),
    ...rootFractions(ROUNDS, Math.cbrt).flatMap((value, i) => [...schedule(i), ...round(i, value)]),
    ...words.flatMap((i) => set(STATE + i, add(get(STATE + i), get(WORKING + i)))),
    ...set(FROM, add(get(FROM), constant(BLOCK_BYTES))),
    ...combine(SUBTRACT, get(BLOCKS), constant(1)),
    ...[LOCAL_TEE, BLOCKS, BRANCH_IF, 0, END],
    ...words.flatMap((i) => [...get(TO), ...swap(get(STATE + i)), STORE, WORD_ALIGNMENT, i * WORD_BYTES]),
    END,
  ];
}

/** Section 6.2.2, step 1: each word of the schedule takes the place of the one 16 before it. */
function schedule(index: number): Code {
  if (index < BLOCK_WORDS) return [];
  const word = (back: number) => get(BLOCK + ((index - back) % BLOCK_WORDS));
  const [near, far] = [word(2), word(15)];
  const sigma0 = xor(rotate(far, 7), rotate(far, 18), combine(SHIFT_RIGHT, far, constant(3)));
  const sigma1 = xor(rotate(near, 17), rotate(near, 19), combine(SHIFT_RIGHT, near, constant(10)));
  return set(BLOCK + (index % BLOCK_WORDS), add(word(16), sigma0, word(7), sigma1));
}

/** Section 6.2.2, step 3. The eight variables stay where they are: it is their names that move, by one each round. */
function round(index: number, roundConstant: number): Code {
  const variable = (position: number) => WORKING + ((position + ROUNDS - index) % STATE_WORDS);
  const [a, b, c, e, f, g] = [0, 1, 2, 4, 5, 6].map((position) => get(variable(position))) as [
    Code,
    Code,
    Code,
    Code,
    Code,
    Code,
  ];
  const [d, h] = [variable(3), variable(7)];
  const sumE = xor(rotate(e, 6), rotate(e, 11), rotate(e, 25));
  const choice = xor(g, combine(AND, e, xor(f, g)));
  const sumA = xor(rotate(a, 2), rotate(a, 13), rotate(a, 22));
  const majority = combine(OR, combine(AND, a, b), combine(AND, c, combine(OR, a, b)));
  return [
    ...set(h, add(get(h), sumE, choice, constant(roundConstant), get(BLOCK + (index % BLOCK_WORDS)))),
    ...set(d, add(get(d), get(h))),
    ...set(h, add(get(h), sumA, majority)),
  ];
}

/** The bytes of a word in the other order: WebAssembly is little-endian, SHA-256 is not. */
function swap(value: Code): Code {
  const outer = combine(AND, rotate([...value, LOCAL_TEE, SCRATCH], 24), constant(0x00ff00ff));
  return combine(OR, outer, combine(AND, rotate(get(SCRATCH), 8), constant(0xff00ff00)));
}

/** Sections 4.2.2 and 5.3.3: the first 32 bits of the fractional parts of the roots of the first primes. */
function rootFractions(count: number, root: (prime: number) => number): number[] {
  const primes: number[] = [];
  for (let candidate = 2; primes.length < count; candidate++) {
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
  }
  return primes.map((prime) => Math.floor((root(prime) % 1) * 2 ** 32));
}

function get(local: number): Code {
  return [LOCAL_GET, local];
}

function set(local: number, value: Code): Code {
  return [...value, LOCAL_SET, local];
}

function constant(value: number): Code {
  const bytes: number[] = [CONSTANT];
  let rest = value | 0;
  // Signed LEB128: seven bits a byte until only copies of the sign are left (core specification, section 5.2.2).
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if (rest === (low & 0x40 ? -1 : 0)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

function combine(operation: number, ...values: readonly Code[]): Code {
  return values.reduce((left, right) => [...left, ...right, operation]);
}

function add(...values: readonly Code[]): Code {
  return combine(ADD, ...values);
}

function xor(...values: readonly Code[]): Code {
  return combine(XOR, ...values);
}

function rotate(value: Code, bits: number): Code {
  return combine(ROTATE_RIGHT, value, constant(bits));
}

function section(number: number, ...items: readonly Code[]): Code {
  return [number, ...sized([items.length, ...items.flat()])];
}

/** Bytes with their count before them. */
function sized(bytes: Code): Code {
  const size: number[] = [];
  for (let rest = bytes.length; rest > 0 || size.length === 0; rest >>>= 7) {
    size.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
  }
  return [...size, ...bytes];
}

function ascii(text: string): Code {
  return Array.from(text, (letter) => letter.charCodeAt(0));
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
