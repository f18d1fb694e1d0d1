const BITS_PER_BYTE = 8;
const FIRST_BYTES = 16;

/** Bits that come out in the order in which they went in, eight a byte. What was read is not given back. */
export class BitList {
  #bytes = new Uint8Array(FIRST_BYTES);
  #written = 0;
  #read = 0;

  push(bit: 0 | 1): void {
    const byte = Math.floor(this.#written / BITS_PER_BYTE);
    if (byte === this.#bytes.length) {
      const larger = new Uint8Array(2 * byte);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[byte]! |= bit << (this.#written % BITS_PER_BYTE);
    this.#written++;
  }

  /** The next bit, or undefined at the end. */
  shift(): 0 | 1 | undefined {
    if (this.#read === this.#written) return undefined;
    const byte = this.#bytes[Math.floor(this.#read / BITS_PER_BYTE)]!;
    const bit = (byte >>> (this.#read % BITS_PER_BYTE)) & 1;
    this.#read++;
    return bit as 0 | 1;
  }
}
