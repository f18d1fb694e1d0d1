import { test } from "node:test";
import { stress, STRESS_NAMES } from "../support/ring_stress.ts";

/** Enough for tens of thousands of sleeps and wake-ups; scripts/stress_rings.ts sends ten million. */
const FRAMES = 60_000;
const PATIENCE_MS = 60_000;

for (const name of STRESS_NAMES) {
  test(
    `${name}: between threads nothing is lost, doubled, torn or out of order`,
    { timeout: PATIENCE_MS },
    async () => {
      await stress(name, FRAMES, PATIENCE_MS);
    },
  );
}
