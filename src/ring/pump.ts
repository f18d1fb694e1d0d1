import { RING_FRAMES_PER_TURN } from "../protocol/ring_params.ts";
import type { Env } from "../util/env.ts";
import type { FrameHandler, FrameSource, RingEnd } from "./frames.ts";

export interface PumpOptions {
  readonly source: FrameSource;
  readonly env: Pick<Env, "nextTurn">;
  readonly handle: FrameHandler;
  /** After the frames of a turn: the place to commit what the handler put into other rings. */
  readonly onTurn?: () => void;
  /** The writer ended and its last frame was handled. */
  readonly onEnd?: (end: Exclude<RingEnd, "open">) => void;
}

/** Hands over the frames of a ring as they come, a bounded number a turn, and sleeps when there are none. */
export class Pump {
  readonly #options: PumpOptions;
  #isRunning = false;
  #isPaused = false;
  #isStopped = false;

  constructor(options: PumpOptions) {
    this.#options = options;
  }

  /** Begins, and goes on after `pause`. */
  resume(): void {
    this.#isPaused = false;
    this.kick();
  }

  /** What is in the ring stays there, so that in the end its writer is told to wait. */
  pause(): void {
    this.#isPaused = true;
  }

  /** No frame is handed over any more. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Call it from `onFrames` of the source. */
  kick(): void {
    if (this.#isRunning || this.#isPaused || this.#isStopped) return;
    this.#isRunning = true;
    this.#turn();
  }

  #turn(): void {
    const { source, env, handle, onTurn } = this.#options;
    try {
      if (!this.#isPaused && !this.#isStopped) source.take(handle, RING_FRAMES_PER_TURN);
    } finally {
      // Also where a handler threw: what it put elsewhere is valid, and the rest of the ring is still to be read.
      onTurn?.();
      if (this.#goesOn()) env.nextTurn(() => this.#turn());
      else this.#isRunning = false;
    }
  }

  /** Whether there may be more to do right now. */
  #goesOn(): boolean {
    const { source, onEnd } = this.#options;
    if (this.#isPaused || this.#isStopped || source.sleep()) return false;
    const { end } = source;
    if (end === "open") return true;
    this.#isStopped = true;
    onEnd?.(end);
    return false;
  }
}
