const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
const DIGITS = new Map([...ALPHABET, ...ALPHABET.toUpperCase()].map((letter, i) => [letter, i % ALPHABET.length]));
const BITS_PER_DIGIT = 5;
const BITS_PER_BYTE = 8;
const DIGIT_MASK = (1 << BITS_PER_DIGIT) - 1;

/** Lower-case base32 without padding (RFC 4648, section 6), as onion and I2P names have it. */
export function bytesToBase32(bytes: Uint8Array): string {
  let text = "";
  let pending = 0;
  let pendingBits = 0;
  for (const byte of bytes) {
    pending = (pending << BITS_PER_BYTE) | byte;
    pendingBits += BITS_PER_BYTE;
    while (pendingBits >= BITS_PER_DIGIT) {
      pendingBits -= BITS_PER_DIGIT;
      text += ALPHABET[(pending >>> pendingBits) & DIGIT_MASK];
    }
    pending &= (1 << pendingBits) - 1;
  }
  if (pendingBits > 0) text += ALPHABET[(pending << (BITS_PER_DIGIT - pendingBits)) & DIGIT_MASK];
  return text;
}

/** The bytes of base32 in either case, without padding; undefined unless `text` is the one spelling of them. */
export function base32ToBytes(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * BITS_PER_DIGIT) / BITS_PER_BYTE));
  let length = 0;
  let pending = 0;
  let pendingBits = 0;
  for (const letter of text) {
    const digit = DIGITS.get(letter);
    if (digit === undefined) return undefined;
    pending = (pending << BITS_PER_DIGIT) | digit;
    pendingBits += BITS_PER_DIGIT;
    if (pendingBits >= BITS_PER_BYTE) {
      pendingBits -= BITS_PER_BYTE;
      bytes[length++] = pending >>> pendingBits;
      pending &= (1 << pendingBits) - 1;
    }
  }
  return pendingBits < BITS_PER_DIGIT && pending === 0 ? bytes : undefined;
}
