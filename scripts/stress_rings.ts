// Sends frames of all lengths from threads to threads through each ring and the queue, small ones so that they are full
// and empty all the time, and checks that each frame arrives as it was sent, once and in order.
// Usage: node scripts/stress_rings.ts [FRAMES]     (also on bun and deno run -A; ten million frames by default)

import process from "node:process";
import { stress, STRESS_NAMES } from "../tests/support/ring_stress.ts";

const DEFAULT_FRAMES = 10_000_000;
const PATIENCE_MS = 30 * 60_000;

async function main(): Promise<void> {
  const frames = Number(process.argv[2] ?? DEFAULT_FRAMES);
  if (!Number.isSafeInteger(frames) || frames < 1) {
    console.error(`Cannot send frames: their number is a positive integer: received ${process.argv[2]}`);
    process.exit(2);
  }
  for (const name of STRESS_NAMES) {
    const { ms } = await stress(name, frames, PATIENCE_MS);
    console.log(`${name}: ${frames} frames as they were sent, in ${(ms / 1000).toFixed(1)} s`);
  }
}

await main();
