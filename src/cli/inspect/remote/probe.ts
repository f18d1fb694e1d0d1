import { greet, type Greeting, type GreetingOptions } from "../../greeting.ts";
import { FeatureListener, type Features } from "./features.ts";

/** What a remote node told of itself, and how fast. */
export interface Probe {
  readonly greeting: Greeting;
  readonly features: Features;
  /** Round trips in milliseconds, in rising order; fewer than asked for where it did not answer. */
  readonly pingsMs: readonly number[];
}

/**
 * Dials a node, shakes hands and pings it `pings` times, one after the other. What it says of itself right after the
 * handshake comes before its answers. Rejects as `greet` does.
 */
export async function probe(options: Omit<GreetingOptions, "onMessage">, pings: number): Promise<Probe> {
  const listener = new FeatureListener();
  const greeting = await greet({ ...options, onMessage: (message) => listener.hear(message) });
  try {
    const first = greeting.timesMs.ping;
    const pingsMs = first === null ? [] : [first];
    // Who does not answer one ping is not asked for more.
    while (pingsMs.length > 0 && pingsMs.length < pings) {
      const roundTrip = await greeting.session.ping(options.timeoutMs);
      if (roundTrip === undefined) break;
      pingsMs.push(roundTrip);
    }
    return { greeting, features: listener.features, pingsMs: pingsMs.sort((left, right) => left - right) };
  } finally {
    greeting.session.close();
  }
}
