// Engines may round logarithms and powers of e as they like, and do: V8 and JavaScriptCore differ in the last bit. These
// use nothing but the four operations, which IEEE 754 prescribes to the bit, so that a simulation is the same everywhere.

const MANTISSA_HIGH_BITS = 0x000f_ffff;
const EXPONENT_SHIFT = 20;
const EXPONENT_BIAS = 1023;
/** A number below it is subnormal: scaled up before it is taken apart. */
const LEAST_NORMAL = 2 ** -1022;
const SUBNORMAL_SCALE_BITS = 54;
const SQRT_2 = 1.4142135623730951;
/** ln 2 in two parts; the first has so few bits that its product with any exponent is exact. */
const LN_2_HIGH = 0.693147180369123816490;
const LN_2_LOW = 1.90821492927058770002e-10;
const LN_2 = 0.6931471805599453;
/** Terms after which the series add less than half a unit in the last place. */
const LN_TERMS = 12;
const EXP_TERMS = 15;
/** Beyond these e to the power of x is not a normal number. */
const MAX_EXP = 709;
const MIN_EXP = -708;

const WORDS = new DataView(new ArrayBuffer(8));

/** The natural logarithm of a number above 0, within two units in the last place. */
export function ln(x: number): number {
  if (!(x > 0 && x < Infinity)) return x === 0 ? -Infinity : x === Infinity ? Infinity : NaN;
  const isSubnormal = x < LEAST_NORMAL;
  WORDS.setFloat64(0, isSubnormal ? x * 2 ** SUBNORMAL_SCALE_BITS : x);
  const high = WORDS.getUint32(0);
  let exponent = (high >>> EXPONENT_SHIFT) - EXPONENT_BIAS - (isSubnormal ? SUBNORMAL_SCALE_BITS : 0);
  WORDS.setUint32(0, (high & MANTISSA_HIGH_BITS) | (EXPONENT_BIAS << EXPONENT_SHIFT));
  let mantissa = WORDS.getFloat64(0);
  if (mantissa > SQRT_2) {
    mantissa /= 2;
    exponent++;
  }
  // ln m = 2 artanh((m - 1) / (m + 1)), whose argument is at most 0.172.
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  let sum = 0;
  for (let term = LN_TERMS; term > 0; term--) sum = (sum + 1 / (2 * term + 1)) * square;
  return exponent * LN_2_HIGH + (2 * s + (2 * s * sum + exponent * LN_2_LOW));
}

/** e to the power of x, within two units in the last place; 0 and infinity where it would be no normal number. */
export function exp(x: number): number {
  if (!(x > MIN_EXP && x < MAX_EXP)) return x <= MIN_EXP ? 0 : x >= MAX_EXP ? Infinity : NaN;
  const exponent = Math.floor(x / LN_2 + 1 / 2);
  const rest = x - exponent * LN_2_HIGH - exponent * LN_2_LOW;
  let sum = 1;
  for (let term = EXP_TERMS; term > 0; term--) sum = 1 + sum * rest / term;
  WORDS.setUint32(0, (exponent + EXPONENT_BIAS) << EXPONENT_SHIFT);
  WORDS.setUint32(WORDS.byteLength / 2, 0);
  return sum * WORDS.getFloat64(0);
}

/** A time until the next of events that come by chance, so long apart on average; `random` is a number in [0, 1). */
export function exponential(random: number, mean: number): number {
  return random === 0 ? 0 : -ln(1 - random) * mean;
}
