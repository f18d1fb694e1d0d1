/**
 * Bytes that count as a sign of life of whoever sends them, although what we wait for is not among them yet: pings and
 * announcements alone never reach it within a timeout.
 */
export const PROGRESS_BYTES = 16_384;

/**
 * An answer that a remote owes us. It may lie behind much else that was asked for before, on a line that is thin: while
 * bytes come, only the longest time counts.
 */
export class AwaitedAnswer {
  readonly askedAt: number;
  #heardAt: number;
  #bytesIn: number;

  /** `bytesIn`: what the remote has sent so far. */
  constructor(now: number, bytesIn: number) {
    this.askedAt = now;
    this.#heardAt = now;
    this.#bytesIn = bytesIn;
  }

  /** Whether nothing came for `allowedMs`, or not the answer for `maxMs`. Look often: it is told of bytes here alone. */
  isOverdue(now: number, bytesIn: number, allowedMs: number, maxMs: number): boolean {
    if (bytesIn - this.#bytesIn >= PROGRESS_BYTES) {
      this.#heardAt = now;
      this.#bytesIn = bytesIn;
    }
    return now - this.#heardAt > allowedMs || now - this.askedAt > maxMs;
  }
}
