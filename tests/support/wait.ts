/** Longest that a test waits for an event of a real process unless it says otherwise, in milliseconds. */
export const PATIENCE_MS = 45_000;

/** The promise's outcome, or an error that says what was awaited in vain. */
export async function within<T>(what: string, promise: Promise<T>, timeoutMs = PATIENCE_MS): Promise<T> {
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what}: nothing for ${timeoutMs} ms`)), timeoutMs);
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** Milliseconds between two looks at a state that another process does not announce. */
const POLL_INTERVAL_MS = 25;

/**
 * Looks at the state of another process until `holds`, and returns it. For states without an event; each look is a
 * request of its own, so the interval only spares the machine. A look that fails counts as "not yet".
 */
export async function poll<T>(
  what: string,
  look: () => Promise<T>,
  holds: (state: T) => boolean,
  timeoutMs = PATIENCE_MS,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (let last: unknown;;) {
    try {
      const state = await look();
      if (holds(state)) return state;
      last = state;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      const shown = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`${what}: not within ${timeoutMs} ms; last seen: ${shown}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
  }
}

/** A busy machine may hold a process up once, and not each time. */
const TRIES = 3;

/** That something is done within so many milliseconds, by the best of some tries. `attempt` tells what it took. */
export async function soonEnough(what: string, limitMs: number, attempt: () => Promise<number>): Promise<void> {
  const took: number[] = [];
  while (took.length < TRIES) {
    const ms = await attempt();
    if (ms < limitMs) return;
    took.push(Math.round(ms));
  }
  throw new Error(`${what}: ${limitMs} ms are promised, and it took ${took.join(", ")} ms`);
}
