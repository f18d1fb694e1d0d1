/** One more than the greatest number that 32 bytes can be. */
export const TARGET_END = 1n << 256n;
const EXPONENT_SHIFT = 24;
const MANTISSA_MASK = 0x7f_ffff;
const SIGN_BIT = 0x80_0000;
const MANTISSA_BYTES = 3;
const BITS_PER_BYTE = 8;
const HEX_DIGITS_PER_BYTE = 2;

/**
 * The target that compact `bits` stand for: a mantissa of 23 bits and a sign, times 256 to the power of the exponent
 * less 3. Undefined where it is negative, zero or above 256 bits, none of which a hash can meet.
 */
export function targetFromBits(bits: number): bigint | undefined {
  const shift = BITS_PER_BYTE * ((bits >>> EXPONENT_SHIFT) - MANTISSA_BYTES);
  const mantissa = BigInt(bits & MANTISSA_MASK);
  const target = shift < 0 ? mantissa >> BigInt(-shift) : mantissa << BigInt(shift);
  const negative = (bits & SIGN_BIT) !== 0;
  return negative || target === 0n || target >= TARGET_END ? undefined : target;
}

/** The compact form of a target: its three leading bytes, or two if the third's top bit would read as a sign. */
export function bitsFromTarget(target: bigint): number {
  let sizeBytes = Math.ceil(target.toString(16).length / HEX_DIGITS_PER_BYTE);
  const shift = BITS_PER_BYTE * (sizeBytes - MANTISSA_BYTES);
  let mantissa = Number(shift < 0 ? target << BigInt(-shift) : target >> BigInt(shift));
  if (mantissa & SIGN_BIT) {
    mantissa >>>= BITS_PER_BYTE;
    sizeBytes++;
  }
  return ((sizeBytes << EXPONENT_SHIFT) | mantissa) >>> 0;
}
