import { ByteReader } from "../../util/bytes.ts";
import type { Env } from "../../util/env.ts";

const ID_BYTES = 8;
/** 4 KiB: asking the system for 512 ids at once costs about as much as asking for one. */
const POOL_BYTES = 4096;

/** Makes numbers of 64 random bits. */
export class MessageIds {
  readonly #env: Env;
  #pool = new ByteReader(new Uint8Array(0));

  constructor(env: Env) {
    this.#env = env;
  }

  next(): bigint {
    if (this.#pool.remaining < ID_BYTES) this.#pool = new ByteReader(this.#env.randomBytes(POOL_BYTES));
    return this.#pool.uint64();
  }
}
