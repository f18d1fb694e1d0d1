/**
 * Wakes event loops of other threads. Rings that come before a thread has woken up count as one, and a ring carries
 * nothing: whoever is woken looks for what has changed.
 */
export interface Bells {
  /** The number of this thread. */
  readonly own: number;
  /** Wakes a thread, this one included, in a turn of its own. */
  ring(thread: number): void;
  /** Calls `onRing` each time this thread was woken, whatever for, until the handle is disposed. */
  listen(onRing: () => void): Disposable;
}
