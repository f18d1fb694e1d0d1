import {
  BUCKET_SLOTS,
  NEW_BUCKETS,
  NEW_BUCKETS_PER_SOURCE,
  TRIED_BUCKETS,
  TRIED_BUCKETS_PER_GROUP,
} from "../../protocol/address_params.ts";
import { readSipKey, sipHash24, type SipKey } from "../../util/siphash.ts";

/** Size of the secret, in bytes. */
export const PLACEMENT_KEY_BYTES = 16;

/** What is hashed of an IP address, tags and lengths included; the longest addresses that there can be need more. */
const SCRATCH_BYTES = 64;
/** Of a tag and a number, and of a text's length. */
const HEAD_BYTES = 3;
const LENGTH_BYTES = 2;
const BYTE_BITS = 8;
/** What each hash is for, so that no two are alike. */
const TAG = { newChoice: 1, newBucket: 2, newSlot: 3, triedChoice: 4, triedBucket: 5, triedSlot: 6 } as const;

/**
 * Where addresses belong in the tables. Nobody without the secret can foresee it, so nobody can choose addresses that push
 * out a certain other one.
 */
export class Placement {
  readonly #key: SipKey;
  #scratch = new Uint8Array(SCRATCH_BYTES);
  readonly #hash = new Uint32Array(2);

  /** The key has PLACEMENT_KEY_BYTES. */
  constructor(key: Uint8Array) {
    this.#key = readSipKey(key);
  }

  /** All addresses of one group from one group of sources share a bucket; a group of sources reaches 64 of 1,024. */
  newBucket(group: string, sourceGroup: string): number {
    const choice = this.#number(TAG.newChoice, 0, group, sourceGroup) % NEW_BUCKETS_PER_SOURCE;
    return this.#number(TAG.newBucket, choice, sourceGroup) % NEW_BUCKETS;
  }

  newSlot(bucket: number, key: string): number {
    return bucket * BUCKET_SLOTS + this.#number(TAG.newSlot, bucket, key) % BUCKET_SLOTS;
  }

  /** A group of addresses reaches 8 of 256 buckets. */
  triedSlot(group: string, key: string): number {
    const choice = this.#number(TAG.triedChoice, 0, key) % TRIED_BUCKETS_PER_GROUP;
    const bucket = this.#number(TAG.triedBucket, choice, group) % TRIED_BUCKETS;
    return bucket * BUCKET_SLOTS + this.#number(TAG.triedSlot, bucket, key) % BUCKET_SLOTS;
  }

  /** 32 bits of a keyed hash over a tag, a number below 2^16, and texts of characters below 256. */
  #number(tag: number, number: number, ...texts: readonly string[]): number {
    const scratch = this.#scratchFor(texts);
    let at = 0;
    scratch[at++] = tag;
    scratch[at++] = number;
    scratch[at++] = number >>> BYTE_BITS;
    for (const text of texts) {
      scratch[at++] = text.length;
      scratch[at++] = text.length >>> BYTE_BITS;
      for (let i = 0; i < text.length; i++) scratch[at++] = text.charCodeAt(i);
    }
    sipHash24(this.#key, scratch.subarray(0, at), this.#hash);
    return this.#hash[0]!;
  }
  /** Room for the texts, which stays for the next ones. */
  #scratchFor(texts: readonly string[]): Uint8Array {
    const sizeBytes = texts.reduce((sum, text) => sum + LENGTH_BYTES + text.length, HEAD_BYTES);
    if (sizeBytes > this.#scratch.length) this.#scratch = new Uint8Array(sizeBytes);
    return this.#scratch;
  }
}
