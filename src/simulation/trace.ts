/** FNV-1a for 32 bits: offset basis and prime (draft-eastlake-fnv); the second basis is any other number. */
const FNV_BASIS = 0x811c9dc5;
const SECOND_BASIS = 0x9747b28c;
const FNV_PRIME = 0x01000193;
const SECOND_PRIME = 0x85ebca6b;
const HEX_RADIX = 16;
const WORD_DIGITS = 8;
/** Bytes of each delivery that are looked at, evenly spread over it. */
const SAMPLES = 16;

/**
 * A number for all that happened in a network, in order. Two runs that differ in what was delivered, when, between whom or
 * in what size have two different ones; of the bytes themselves only samples are looked at.
 */
export class Trace {
  #one = FNV_BASIS;
  #other = SECOND_BASIS;
  readonly #words = new DataView(new ArrayBuffer(Float64Array.BYTES_PER_ELEMENT));
  readonly #hosts = new Map<string, number>();
  /** Deliveries so far. */
  count = 0;

  /** Something reached a host: when, from whom, what. */
  note(atMs: number, from: string, to: string, kind: string, bytes: Uint8Array | undefined): void {
    this.count++;
    this.#words.setFloat64(0, atMs);
    this.#mix(this.#words.getUint32(0));
    this.#mix(this.#words.getUint32(Uint32Array.BYTES_PER_ELEMENT));
    this.#mix(this.#numberOf(from));
    this.#mix(this.#numberOf(to));
    this.#mix(kind.charCodeAt(0));
    if (!bytes) return;
    this.#mix(bytes.length);
    const step = Math.max(1, Math.floor(bytes.length / SAMPLES));
    for (let at = bytes.length - 1; at >= 0; at -= step) this.#mix(bytes[at]!);
  }

  /** 16 hex digits. */
  get hash(): string {
    return toHex(this.#one) + toHex(this.#other);
  }

  /** By the order in which hosts are heard of first. */
  #numberOf(host: string): number {
    let number = this.#hosts.get(host);
    if (number === undefined) this.#hosts.set(host, number = this.#hosts.size);
    return number;
  }

  #mix(word: number): void {
    this.#one = Math.imul(this.#one ^ word, FNV_PRIME);
    this.#other = Math.imul((this.#other ^ word ^ (this.#other >>> WORD_DIGITS)) + this.#one, SECOND_PRIME);
  }
}

function toHex(word: number): string {
  return (word >>> 0).toString(HEX_RADIX).padStart(WORD_DIGITS, "0");
}
