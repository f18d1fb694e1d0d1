import { buildBlock, solveBlock } from "../chain/mine.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { ByteReader } from "../util/bytes.ts";
import type { Env, Logger, Timer } from "../util/env.ts";
import type { Hasher } from "../util/hash.ts";
import { exponential } from "../util/portable_math.ts";
import { MS_PER_SECOND } from "../util/units.ts";

export interface MinerOptions {
  readonly env: Env;
  readonly hasher: Hasher;
  readonly ledger: Ledger;
  /** Mean time between two blocks, in seconds. */
  readonly seconds: number;
}

const EXTRA_NONCE_BYTES = 8;
/** Far more than a trivial difficulty takes (two on average), and still far below a millisecond's work. */
const TRIES = 256;

/** Produces blocks at random times, as miners do, where the network's rules make that trivial. For tests. */
export class Miner {
  readonly #options: MinerOptions;
  readonly #log: Logger;
  #timer: Timer | undefined;

  /** Where blocks take real work it finds none. */
  constructor(options: MinerOptions) {
    this.#options = options;
    this.#log = options.env.logger("miner");
  }

  start(): void {
    // Exponentially distributed, as the times between real blocks are.
    const delayMs = exponential(this.#options.env.random(), this.#options.seconds * MS_PER_SECOND);
    this.#timer = this.#options.env.after(delayMs, () => {
      this.#mine();
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #mine(): void {
    const { env, hasher, ledger } = this.#options;
    const { chain } = ledger;
    const time = Math.floor(env.wallClock() / MS_PER_SECOND);
    const extraNonce = new ByteReader(env.randomBytes(EXTRA_NONCE_BYTES)).uint64();
    const raw = buildBlock({ params: chain.params, hasher, parent: chain.tip, time, extraNonce });
    const solution = solveBlock(hasher, raw, TRIES);
    const outcome = solution.kind === "solved" ? ledger.acceptBlock(solution.raw) : solution;
    if (outcome.kind === "extended") this.#log.info("mined", { height: outcome.node.height, hash: outcome.node.hash });
    else this.#log.warn("could not mine", { outcome: outcome.kind });
  }
}
