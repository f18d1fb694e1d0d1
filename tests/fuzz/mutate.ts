import { concatBytes } from "../../src/util/bytes.ts";

/** A whole number below `limit`. */
export type Pick = (limit: number) => number;
type Mutator = (input: Uint8Array, pick: Pick, corpus: readonly Uint8Array[]) => Uint8Array;

/** Values at which lengths, counts and signs go wrong. */
const EDGES = [
  0,
  1,
  0x7f,
  0x80,
  0xfc,
  0xfd,
  0xfe,
  0xff,
  0x7fff,
  0xffff,
  0x1_0000,
  0x7fff_ffff,
  0x8000_0000,
  0xffff_ffff,
];
const WIDTHS = [1, 2, 4, 8];
const MAX_STACKED = 4;
const MAX_RUN_BYTES = 40;
/** Inputs grow no longer than this. */
export const MAX_INPUT_BYTES = 200_000;

/** The input with one to four changes, each of a kind by chance. */
export function mutate(input: Uint8Array, pick: Pick, corpus: readonly Uint8Array[]): Uint8Array {
  let changed = input;
  for (let left = 1 + pick(MAX_STACKED); left > 0; left--) {
    changed = MUTATORS[pick(MUTATORS.length)]!(changed, pick, corpus);
  }
  return changed.subarray(0, MAX_INPUT_BYTES);
}

function flipBit(input: Uint8Array, pick: Pick): Uint8Array {
  if (input.length === 0) return input;
  const copy = input.slice();
  copy[pick(copy.length)]! ^= 1 << pick(8);
  return copy;
}

function setByte(input: Uint8Array, pick: Pick): Uint8Array {
  if (input.length === 0) return input;
  const copy = input.slice();
  copy[pick(copy.length)] = pick(256);
  return copy;
}

/** A number of a usual width, of either byte order, at an edge or next to the one that stood there. */
function lie(input: Uint8Array, pick: Pick): Uint8Array {
  const width = WIDTHS[pick(WIDTHS.length)]!;
  if (input.length < width) return input;
  const copy = input.slice();
  const at = pick(copy.length - width + 1);
  const isLittleEndian = pick(2) === 0;
  const view = new DataView(copy.buffer, at, width);
  const edge = EDGES[pick(EDGES.length)]!;
  if (width === 8) view.setBigUint64(0, BigInt(edge) << BigInt(pick(2) * 32), isLittleEndian);
  else if (width === 4) {
    view.setUint32(0, pick(2) ? edge : view.getUint32(0, isLittleEndian) + pick(5) - 2, isLittleEndian);
  } else if (width === 2) {
    view.setUint16(0, pick(2) ? edge : view.getUint16(0, isLittleEndian) + pick(5) - 2, isLittleEndian);
  } else copy[at] = pick(2) ? edge : copy[at]! + pick(5) - 2;
  return copy;
}

function insert(input: Uint8Array, pick: Pick): Uint8Array {
  const at = pick(input.length + 1);
  const bytes = Uint8Array.from({ length: 1 + pick(MAX_RUN_BYTES) }, () => pick(256));
  return concatBytes([input.subarray(0, at), bytes, input.subarray(at)]);
}

function remove(input: Uint8Array, pick: Pick): Uint8Array {
  const at = pick(input.length + 1);
  return concatBytes([input.subarray(0, at), input.subarray(at + 1 + pick(MAX_RUN_BYTES))]);
}

function repeat(input: Uint8Array, pick: Pick): Uint8Array {
  const at = pick(input.length + 1);
  const part = input.subarray(at, at + 1 + pick(MAX_RUN_BYTES));
  const times = 1 + pick(pick(8) === 0 ? 500 : 4);
  return concatBytes([input.subarray(0, at), ...Array<Uint8Array>(times).fill(part), input.subarray(at)]);
}

function truncate(input: Uint8Array, pick: Pick): Uint8Array {
  return input.slice(0, pick(input.length + 1));
}

/** The beginning of one input with the end of another. */
function splice(input: Uint8Array, pick: Pick, corpus: readonly Uint8Array[]): Uint8Array {
  const other = corpus[pick(corpus.length)] ?? input;
  return concatBytes([input.subarray(0, pick(input.length + 1)), other.subarray(pick(other.length + 1))]);
}

/** A part of one input within another. */
function graft(input: Uint8Array, pick: Pick, corpus: readonly Uint8Array[]): Uint8Array {
  const other = corpus[pick(corpus.length)] ?? input;
  const from = pick(other.length + 1);
  const at = pick(input.length + 1);
  const part = other.subarray(from, from + 1 + pick(MAX_RUN_BYTES));
  return concatBytes([input.subarray(0, at), part, input.subarray(at + part.length * pick(2))]);
}

const MUTATORS: readonly Mutator[] = [flipBit, setByte, lie, lie, insert, remove, repeat, truncate, splice, graft];
