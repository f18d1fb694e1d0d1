/**
 * Says who answers a ping: a pong means that all was handled which came before it. A shard knows that of what it handles
 * itself; once it has passed something on, the ping follows, and the main thread's pong tells that nothing is left there.
 */
export class PingOrder {
  /** The main thread greets who is ready. */
  #isClear = false;
  #pings = 0;
  #framesSincePing = 0;

  /** A frame was passed on to the main thread. */
  passedOn(): void {
    this.#isClear = false;
    this.#framesSincePing++;
  }

  /** Whether a ping that has come is to be passed on too. */
  passes(): boolean {
    if (this.#isClear) return false;
    this.#pings++;
    this.#framesSincePing = 0;
    return true;
  }

  /** The main thread answered a ping. */
  answered(): void {
    if (this.#pings === 0) return;
    this.#pings--;
    this.#isClear = this.#pings === 0 && this.#framesSincePing === 0;
  }
}
