/** Of the time in a message. */
export const STAMP_BYTES = 8;

const stamp = new Float64Array(1);
/** The same memory. */
const bytesOfStamp = new Uint8Array(stamp.buffer);

export function writeStamp(target: Uint8Array, at: number, timeMs: number): void {
  stamp[0] = timeMs;
  target.set(bytesOfStamp, at);
}

/**
 * The time that a message carries. Byte by byte: to give away its `buffer` makes a small array on Bun take memory of its
 * own behind the collector's back, which costs more than all that the receiver does with a message.
 */
export function readStamp(bytes: Uint8Array, at: number): number {
  for (let i = 0; i < STAMP_BYTES; i++) bytesOfStamp[i] = bytes[at + i]!;
  return stamp[0]!;
}
