import { assertEquals } from "@std/assert";
import { type Outcome, queueMedium, ringMedium, runTraffic, type Traffic } from "./ring_crew.ts";
import { type Account, fullAccount, sumAccounts } from "./ring_traffic.ts";

/** Frames of all lengths up to this. */
const FRAME_BYTES = 120;
const BATCH = 16;

export type StressName = "ring" | "ring of messages" | "ring of 3 readers" | "queue";

interface Stress extends Pick<Traffic, "medium" | "writers" | "readers"> {
  /** Whether each reader gets all frames, or each frame one reader. */
  readonly isShared: boolean;
}

const STRESSES: { readonly [N in StressName]: () => Stress } = {
  // Small, so that they are full and empty all the time.
  ring: () => ({ medium: ringMedium(4096), writers: 1, readers: 1, isShared: true }),
  "ring of messages": () => ({
    medium: { kind: "messages", capacityBytes: 4096, maxFrameBytes: FRAME_BYTES },
    writers: 1,
    readers: 1,
    isShared: true,
  }),
  "ring of 3 readers": () => ({ medium: ringMedium(4096, 3), writers: 1, readers: 3, isShared: true }),
  queue: () => ({ medium: queueMedium(64, FRAME_BYTES, 5), writers: 3, readers: 2, isShared: false }),
};

export const STRESS_NAMES = Object.keys(STRESSES) as StressName[];

/** Sends so many frames in all from threads to threads, and checks that all arrive as they were sent. */
export async function stress(name: StressName, frames: number, patienceMs: number): Promise<Outcome> {
  const { isShared, ...shape } = STRESSES[name]();
  const count = Math.floor(frames / shape.writers);
  const outcome = await runTraffic({
    ...shape,
    count,
    frameBytes: FRAME_BYTES,
    batch: BATCH,

    patienceMs,
  });
  const wanted = fullAccount(count);
  for (let writer = 1; writer <= shape.writers; writer++) {
    const accounts = outcome.accounts.map((each) => each.get(writer)).filter((each): each is Account => !!each);
    if (isShared) assertEquals(accounts, Array.from({ length: shape.readers }, () => wanted));
    else assertEquals(sumAccounts(accounts), wanted);
  }
  return outcome;
}
