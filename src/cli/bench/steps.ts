import type { Output } from "../context.ts";
import { createProgress } from "../progress.ts";

/** How far a bench is: call it once a step is done. */
export type Steps = (() => void) & Disposable;

/** Shows a bar on a terminal until all steps are done, or it is disposed. */
export function planSteps(total: number, err: Output): Steps {
  const progress = createProgress("bench", "steps", err, () => performance.now());
  let done = 0;
  progress.update(done, total);
  const step = (): void => {
    done++;
    progress.update(done, total);
    if (done >= total) progress.stop();
  };
  return Object.assign(step, { [Symbol.dispose]: () => progress.stop() });
}
