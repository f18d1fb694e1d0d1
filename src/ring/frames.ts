/**
 * Gets one frame: bytes `start` to `end` of `bytes`, which are only lent until the call returns. Whatever outlives it is
 * copied. `bytes` may lie in shared memory, which some APIs of the runtimes refuse to read.
 */
export type FrameHandler = (bytes: Uint8Array, start: number, end: number) => void;

/** How the writer of a ring ended; `abandoned`: its thread died, and what it had not committed is lost. */
export type RingEnd = "open" | "closed" | "abandoned";

/** The end of a ring that frames go in at. One thread owns it. */
export interface FrameSink {
  /** Largest frame. */
  readonly maxFrameBytes: number;
  /**
   * Takes a copy of the frame, which readers see after `commit`. False: there is no room, nothing was taken, and what
   * was taken before has been committed; `onRoom` will be called. A frame that is larger than the ring is taken whole
   * and goes through it in parts: do not change it any more. Throws LocalError `limit` above `maxFrameBytes`, and
   * `stopped` once closed.
   */
  offer(frame: Uint8Array): boolean;
  /** Shows readers all that was taken, and wakes those that sleep. */
  commit(): void;
  /** Commits; readers learn that nothing more comes, after a frame under way in parts. Idempotent. */
  close(): void;
  /** Call it when this thread's bell was rung. */
  wake(): void;
}

/** The end of a ring that frames come out at. One thread owns it. */
export interface FrameSource {
  /**
   * Hands over up to `limit` frames in order, then frees their room, all at once. Answers how many there were. A frame
   * whose handler threw counts as handed over; the exception is passed on.
   */
  take(handle: FrameHandler, limit?: number): number;
  /** True: nothing is there, and `onFrames` will be called when something is. False: take again, or look at `end`. */
  sleep(): boolean;
  /** Call it when this thread's bell was rung. */
  wake(): void;
  /** How the writer ended, once all of its frames were taken; `open` before. */
  readonly end: RingEnd;
}

export interface SinkEvents {
  /** Rings the bell of a reader: 0 is the first. */
  readonly wakeReader: (reader: number) => void;
  /** There may be room again after `offer` said that there was none. */
  readonly onRoom?: () => void;
}

export interface SourceEvents {
  /** Rings the bell of the writer. */
  readonly wakeWriter: () => void;
  /** There is something to take, or the writer ended, after `sleep` said that there was nothing. */
  readonly onFrames?: () => void;
}
